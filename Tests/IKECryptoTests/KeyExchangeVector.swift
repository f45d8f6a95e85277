import IKECrypto
import Testing

/// Key exchanges with known private keys, public values and secrets, all in hexadecimal.
struct KeyExchangeVector: Sendable, CustomTestStringConvertible {
    let method: KeyExchangeMethod
    let source: String
    let privateA: String
    let privateB: String
    let publicA: String
    let publicB: String
    let secret: String

    var testDescription: String { "\(method.name), \(source)" }

    static let all: [KeyExchangeVector] = [
        KeyExchangeVector(
            method: .ecp256, source: "RFC 5903 §8",
            privateA: "c88f01f510d9ac3f70a292daa2316de544e9aab8afe84049c62a9c57862d1433",
            privateB: "c6ef9c5d78ae012a011164acb397ce2088685d8f06bf9be0b283ab46476bee53",
            publicA: """
                dad0b65394221cf9b051e1feca5787d098dfe637fc90b9ef945d0c37725811805271a0461cdb8252d61f1c456fa3e59a
                b1f45b33accf5f58389e0577b8990bb3
                """,
            publicB: """
                d12dfb5289c8d4f81208b70270398c342296970a0bccb74c736fc7554494bf6356fbf3ca366cc23e8157854c13c58d6a
                ac23f046ada30f8353e74f33039872ab
                """,
            secret: "d6840f6b42f6edafd13116e0e12565202fef8e9ece7dce03812464d04b9442de"
        ),
        KeyExchangeVector(
            method: .ecp384, source: "RFC 5903 §8",
            privateA:
                "099f3c7034d4a2c699884d73a375a67f7624ef7c6b3c0f160647b67414dce655e35b538041e649ee3faef896783ab194",
            privateB:
                "41cb0779b4bdb85d47846725fbec3c9430fab46cc8dc5060855cc9bda0aa2942e0308312916b8ed2960e4bd55a7448fc",
            publicA: """
                667842d7d180ac2cde6f74f37551f55755c7645c20ef73e31634fe72b4c55ee6de3ac808acb4bdb4c88732aee95f41aa
                9482ed1fc0eeb9cafc4984625ccfc23f65032149e0e144ada024181535a0f38eeb9fcff3c2c947dae69b4c634573a81c
                """,
            publicB: """
                e558dbef53eecde3d3fccfc1aea08a89a987475d12fd950d83cfa41732bc509d0d1ac43a0336def96fda41d0774a3571
                dcfbec7aacf3196472169e838430367f66eebe3c6e70c416dd5f0c68759dd1fff83fa40142209dff5eaad96db9e6386c
                """,
            secret: "11187331c279962d93d604243fd592cb9d0a926f422e47187521287e7156c5c4d603135569b9e9d09cf5d4a270f59746"
        ),
        KeyExchangeVector(
            method: .ecp521, source: "RFC 5903 §8",
            privateA: """
                0037ade9319a89f4dabdb3ef411aaccca5123c61acab57b5393dce47608172a095aa85a30fe1c2952c6771d937ba9777
                f5957b2639bab072462f68c27a57382d4a52
                """,
            privateB: """
                0145ba99a847af43793fdd0e872e7cdfa16be30fdc780f97bccc3f078380201e9c677d600b343757a3bdbf2a3163e4c2
                f869cca7458aa4a4effc311f5cb151685eb9
                """,
            publicA: """
                0015417e84dbf28c0ad3c278713349dc7df153c897a1891bd98bab4357c9ecbee1e3bf42e00b8e380aeae57c2d107564
                941885942af5a7f4601723c4195d176ced3e017cae20b6641d2eeb695786d8c946146239d099e18e1d5a514c739d7cb4
                a10ad8a788015ac405d7799dc75e7b7d5b6cf2261a6a7f1507438bf01beb6ca3926f9582
                """,
            publicB: """
                00d0b3975ac4b799f5bea16d5e13e9af971d5e9b984c9f39728b5e5739735a219b97c356436adc6e95bb0352f6be64a6
                c2912d4ef2d0433ced2b6171640012d9460f015c68226383956e3bd066e797b623c27ce0eac2f551a10c2c724d985207
                7b87220b6536c5c408a1d2aebb8e86d678ae49cb57091f4732296579ab44fcd17f0fc56a
                """,
            secret: """
                01144c7d79ae6956bc8edb8e7c787c4521cb086fa64407f97894e5e6b2d79b04d1427e73ca4baa240a34786859810c06
                b3c715a3a8cc3151f2bee417996d19f3ddea
                """
        ),
        KeyExchangeVector(
            method: .modp1024s160, source: "RFC 5114 §A.1",
            privateA: "b9a3b3ae8fefc1a2930496507086f8455d48943e",
            privateB: "9392c9f9eb6a7a6a9022f7d83e7223c6835bbdda",
            publicA: """
                2a853b3d92197501b9015b2deb3ed84f5e021dcc3e52f109d3273d2b7521281cbabe0e76ff5727fa8acce26956ba9a1f
                ca26f20228d8693feb10841d84a7360054ece5a7f5b7a61ad3dfb3c60d2e43106d8727da37df9cce95b478755d06bcea
                8f9d45965f75a5f3d1df3701165fc9e50c4279ceb07f989540ae96d5d88ed776
                """,
            publicB: """
                717a6cb053371ff4a3b932941c1e5663f861a1d6ad34ae66576dfb98f6c6cbf9ddd5a56c7833f6bcfdff095582ad868e
                440e8d09fd769e3ceccdc3d3b1e4cfa057776caaf9739b6a9fee8e7411f8d6dac09d6a4edb46cc2b5d5203090eae6126
                311e53fd2c14b574e6a3109a3da1be41bdceaa186f5ce06716a2b6a07b3c33fe
                """,
            secret: """
                5c804f454d30d9c4df85271f93528c91df6b48ab5f80b3b59caac1b28f8acba9cd3e39f3cb614525d9521d2e644c53b8
                07b810f340062f257d7d6fbfe8d5e8f072e9b6e9afda9413eafb2e8b0699b1fb5a0caceddeaead7e9cfbb36ae2b42083
                5bd83a19fb0b5e96bf8fa4d09e345525167ecd9155416f46f408ed31b63c6e6d
                """
        ),
        KeyExchangeVector(
            method: .modp2048s224, source: "RFC 5114 §A.2",
            privateA: "22e62601dbffd06708a680f747f361f76d8f4f721a0548e483294b0c",
            privateB: "4ff3bc96c7fc6a6d71d3b363800a7cdfef6fc41b4417ea15353b7590",
            publicA: """
                1b3a63451bd886e699e67b494e288bd7f8e0d370badda7a0efd2fde7d8f66145cc9f280419975eb808877c8a4c0c8e0b
                d48d4a5401eb1e8776bfeee134c03831ac273cd9d635ab0ce006a42a887e3f52fb8766b650f38078bc8ee8580cefe243
                968cfc4f8dc3db084554171d41bf2e861b7bb4d69dd0e01ea387cbaa5ca672afcbe8bdb9d62d4ce15f17dd36f91ed1ee
                dd65ca4a06455cb94cd40a52ec360e84b3c926e22c4380a3bf309d56849768b7f52cfdf655fd053a7ef706979e7e5806
                b17dfae53ad2a5bc568ebb529a7a61d68d256f8fc97c074a861d827e2ebc8c6134553115b70e7103920aa16d85e52bcb
                ab8d786a68178fa8ff7c2f5c71648d6f
                """,
            publicB: """
                4dcee992a9762a13f2f83844ad3d77ee0e31c9718b3db6c2035d3961182c3e0ba247ec4182d760cd48d99599970622a1
                881bba2dc822939c78c3912c6661fa5438b20766222b75e24c2e3ad0c7287236129525ee15b5dd7998aa04c4a9696cac
                d7172083a97a81664ead2c479e444e4c0654cc19e28d7703cee8dacd6126f5d665ec52c67255db92014b037eb621a2ac
                8e365de071ffc1400acf077a12913dd8de89473437ab7ba346743c1b215dd9c12164a7e4053118d199bec8ef6fc56117
                0c84c87d10ee9a674a1fa8ffe13bdfba1d44de48946d68dc0cdd777635a7ab5bfb1e4bb7b856f96827734c184138e915
                d9c3002ebce53120546a7e2002142b6c
                """,
            secret: """
                34d9bddc1b42176c313fea034c21034d074a6313bb4ecdb3703fff424567a46bdf75530ede0a9da5229de7d76732286c
                bc0f91da4c3c852fc099c679531d94c78ab03d9decb0a4e4ca8b2bb4591c4021cf8ce3a20a541d33994017d0200ae2c9
                516e2ff5145779269e862b0fb474a2d56dc31ed569a7700b4c4ab16b22a45513531ef523d71212077b5a169bdeffad7a
                d9608284c7795b6d5a5183b87066de17d8d671c9ebd8ec89544d45ec061593d442c62ab9ce3b1cb9943a1d23a5ea3bcf
                21a01471e67e003e7f8a69c728be490b2fc88cfeb92db6a215e5d03c17c464c9ac1a46e203e13f952995fb03c69d3cc4
                7fcb510b6998ffd3aa6de73cf9f63869
                """
        ),
        KeyExchangeVector(
            method: .modp2048s256, source: "RFC 5114 §A.3",
            privateA: "0881382cdb87660c6dc13e614938d5b9c8b2f248581cc5e31b35454397fce50e",
            privateB: "7d62a7e3ef36de617b13d1afb82c780d83a23bd4ee6705645121f371f546a53d",
            publicA: """
                2e9380c8323af97545bc4941deb0ec3742c62fe0ece824a6abdbe66c59bee0242911bfb967235ceba35ae13e4ec752be
                630b92dc4bde2847a9c62cb8152745421fb7eb60a63c0fe9159fcce726ce7cd8523d7450667ef840e4919121eb5f01c8
                c9b0d3d648a93bfb75689e8244ac134af544711ce79a02dcc34226684780dddcb498594106c37f5bc79856487af5ab02
                2a2e5e42f09897c1a85a11ea0212af04d9b4cebc937c3c1a3e15a8a0342e337615c84e7fe3b8b9b87fb1e73a15af12a3
                0d746e06dfc34f290d797ce51aa13aa785bf6658aff5e4b093003cbeaf665b3c2e113a3a4e905269341dc0711426685f
                4ef37e868a8126ff3f2279b57ca67e29
                """,
            publicB: """
                575f0351bd2b1b817448bdf87a6c362c1e289d3903a30b9832c5741fa250363e7acbc7f77f3dacbc1f131add8e03367e
                ff8fbbb3e1c5784424809b25afe4d2262a1a6fd2fab64105ca30a674e07f7809852088632fc049233791ad4edd083a97
                8b883ee618bc5e0dd047415f2d95e683cf14826b5fbe10d3ce41c6c120c78ab20008c698bf7f0bcab9d7f407bed0f43a
                fb2970f57f8d12043963e66ddd320d599ad9936c8f44137c08b180ec5e985cebe186f3d549677e80607331ee17af3380
                a725b0782317d7dd43f59d7af9568a9bb63a84d365f92244ed120988219302f42924c7ca90b89d24f71b0ab697823d7d
                eb1aff5b0e8e4a45d49f7f53757e1913
                """,
            secret: """
                86c70bf8d0bb81bb01078a17219cb7d27203db2a19c877f1d1f19fd7d77ef22546a68f005ad52dc84553b78fc60330be
                51ea7c0672cac1515e4b35c047b9a551b88f39dc26da14a09ef74774d47c762dd177f9ed5bc2f11e52c879bd95098504
                cd9eecd8a8f9b3efbd1f008ac5853097d9d1837f2b18f77cd7be01af80a7c7b5ea3ca54cc02d0c116fee3f95bb873993
                85875d7e86747e676e728938acbff7098e05be4dcfb24052b83aeffb14783f029adbde7f53fae92084224090e007cee9
                4d4bf2bace9ffd4b57d2af7c724d0caa19bf0501f6f17b4aa10f425e3ea76080b4b9d6b3cefea115b2ceb8789bb8a3b0
                ea87febe63b6c8f846ec6db0c26c5d7c
                """
        ),
        KeyExchangeVector(
            method: .ecp192, source: "RFC 5114 §A.4",
            privateA: "323fa3169d8e9c6593f59476bc142000ab5be0e249c43426",
            privateB: "631f95bb4a67632c9c476eee9ab695ab240a0499307fcf62",
            publicA: "cd46489ecfd6c105e7b3d32566e2b122e249abaadd87061268887b4877df51dd4dc3d6fd11f0a26f8fd3844317916e9a",
            publicB: "519a121680e0045466ba21df2eee47f5973b500577ef13d5ff613ab4d64cee3a20875bdb10f953f6b30ca072c60aa57f",
            secret: "ad420182633f8526bfe954acda376f05e5ff4f837f54febe"
        ),
        KeyExchangeVector(
            method: .ecp224, source: "RFC 5114 §A.5",
            privateA: "b558eb6c288da707bbb4f8fbae2ab9e9cb62e3bc5c7573e22e26d37f",
            privateB: "ac3b1add3d9770e6f6a708ee9f3b8e0ab3b480e9f27f85c88b5e6d18",
            publicA: """
                49dfef309f81488c304cff5ab3ee5a2154367dc7833150e0a51f3eeb4f2b5ee45762c4f654c1a0c67f54cf88b016b51b
                ce3d7c228d57adb4
                """,
            publicB: """
                6b3ac96a8d0cde6a5599be8032edf10c162d0a8ad219506dcd42a207d491be99c213a7d1ca3706debfe305f361afcbb3
                3e2609c8b1618ad5
                """,
            secret: "52272f50f46f4edc9151569092f46df2d96ecc3b6dc1714a4ea949fa"
        ),
        KeyExchangeVector(
            method: .ecp256, source: "RFC 5114 §A.6",
            privateA: "814264145f2f56f2e96a8e337a1284993faf432a5abce59e867b7291d507a3af",
            privateB: "2ce1788ec197e096db95a200cc0ab26a19ce6bccad562b8eee1b593761cf7f41",
            publicA: """
                2af502f3be8952f2c9b5a8d4160d09e97165be50bc42ae4a5e8d3b4ba83aeb15eb0faf4ca986c4d38681a0f9872d79d5
                6795bd4bff6e6de3c0f5015ece5efd85
                """,
            publicB: """
                b120de4aa36492795346e8de6c2c8646ae06aaea279fa775b3ab0715f6ce51b09f1b7eece20d7b5ed8ec685fa3f071d8
                3727027092a8411385c34dde5708b2b6
                """,
            secret: "dd0f5396219d1ea393310412d19a08f1f5811e9dc8ec8eea7f80d21c820c2788"
        ),
        KeyExchangeVector(
            method: .ecp384, source: "RFC 5114 §A.7",
            privateA:
                "d27335ea71664af244dd14e9fd1260715dfd8a7965571c48d709ee7a7962a156d706a90cbcb5df2986f05feadb9376f1",
            privateB:
                "52d1791fdb4b70f89c0f00d456c2f7023b6125262c36a7df1f80231121cce3d39be52e00c194a4132c4a6c768bcd94d2",
            publicA: """
                793148f1787634d5da4c6d9074417d05e057ab62f82054d10ee6b0403d6279547e6a8ea9d1fd77427d016fe27a8b8c66
                c6c41294331d23e6f480f4fb4cd40504c947392e94f4c3f06b8f398bb29e42368f7a685923de3b67baced214a1a1d128
                """,
            publicB: """
                5cd42ab9c41b5347f74b8d4efb708b3d5b36db65915359b44abc17647b6b9999789d72a84865ae2f223f12b5a1abc120
                e171458feaa939aaa3a8bfac46b404bd8f6d5b348c0fa4d80ceca16356ca933240bde8723415a8ece035b0edf36755de
                """,
            secret: "5ea1fc4af7256d2055981b110575e0a8cae53160137d904c59d926eb1b8456e427aa8a4540884c37de159a58028abc0e"
        ),
        KeyExchangeVector(
            method: .ecp521, source: "RFC 5114 §A.8",
            privateA: """
                0113f82da825735e3d97276683b2b74277bad27335ea71664af2430cc4f33459b9669ee78b3ffb9b8683015d344dcbfe
                f6fb9af4c6c470be254516cd3c1a1fb47362
                """,
            privateB: """
                00cee3480d8645a17d249f2776d28bae616952d1791fdb4b70f7c3378732aa1b22928448bcd1dc2496d435b01048066e
                be4f72903c361b1a9dc1193dc2c9d0891b96
                """,
            publicA: """
                01ebb34dd75721abf8adc9dbed17889cbb9765d90a7c60f2cef007bb0f2b26e14881fd4442e689d61cb2dd046ee30e3f
                fd20f9a45bbdf6413d583a2dbf59924fd35c00f6b632d194c0388e22d8437e558c552ae195adfd153f92d74908351b2f
                8c4eda94edb0916d1b53c020b5eecaed1a5fc38a233e4830587bb2ee3489b3b42a5a86a4
                """,
            publicB: """
                010ebfafc6e85e08d24bfffcc1a4511db0e634beeb1b6dec8c5939ae44766201af6200430ba97c8ac6a0e9f08b33ce7e
                9feeb5ba4ee5e0d81510c24295b8a08d023500a4a6ec300df9e257b0372b5e7abfef093436719a77887ebb0b18cf8099
                b9f4212b6e30a1419c18e029d36863cc9d448f4dba4d2a0e60711be572915fbd4fef2695
                """,
            secret: """
                00cdea89621cfa46b132f9e4cfe2261cde2d4368eb5656634c7cc98c7a00cde54ed1866a0dd3e6126c9d2f845daff82c
                eb1da08f5d87521bb0ebeca77911169c20cc
                """
        ),
        KeyExchangeVector(
            method: .brainpoolP256, source: "computed with Python's cryptography 48",
            privateA: "11275a14f47f758f0354dfd9a564625ce81bc200adbd4e2b00246cca9550bf01",
            privateB: "11238fc7c0ca0673c6a226c39fe3eed12c46e89a77a2ad3557280bc9d76af9c4",
            publicA: """
                52f53caf654700299f9da1cc388aa09def35326c23771040e24498dad412533d2cce437619e3af280a9e1b0d858f95ec
                b096a84b41cb5059026fed2359dd5c96
                """,
            publicB: """
                601e0c0d959a9588267426824a79690bd6c7433a6d5497cd890b37453f00010c7ed698447d3a9323911444df1dad204f
                a6066860bfcaae2b9d97b9147e0cde98
                """,
            secret: "a010f916065f2bfe502bc6188d8ef7e3b42730acff62c0cb41ec9255cadadd87"
        ),
        KeyExchangeVector(
            method: .brainpoolP384, source: "computed with Python's cryptography 48",
            privateA:
                "11e228bb50845e30fd87b5a136a655788d0086c1da712fd710681a4062e93b32c8df980ea382bdd70823bfb1253d5609",
            privateB:
                "118edc004e8f2c848fde36ed6ef94c2da3f3bfefb6a3aef75c8491353b24e5ddf513b0c95e47a2f62b331edbe140e8a5",
            publicA: """
                6e0e681a3ec3f4e6090363a7186283a5375583bd570387f6aeb5e54984cc4e0a75794e926bf83e641ca9cc9696b885be
                47f1904bb4cfdda4747a2e5b81b446ed8fd5ce5aa0b75cc76fdae6d5fa855aab483f7505b209bc1e80b9e674b90735bd
                """,
            publicB: """
                0a52f007149757e719b7cbb0a767766fc5079b22094fd28175ce3d0fbd9dc437687bbc152a688a8bbc78b77153e74d68
                243fa58b445fbd19541b1f1c8fef27b9187ffaa61eda9bb2837f6dec4ff3bd69ae0874aa340b25fb6b94f07fc71f0eb9
                """,
            secret: "2c41e9f626d80f44ac0366e3b1bbed53ab6c9cfde600d4aaf956e877c0025c607b32a91948158f3cc29f23da6050b094"
        ),
        KeyExchangeVector(
            method: .brainpoolP512, source: "computed with Python's cryptography 48",
            privateA: """
                110915fbd664d4cec0329704770393f27f43ddbc60bff582e39bccbeffa3001e3d7df1cb22c2df617603cb4f2934df37
                555bf360c13cc701212532efd5c76313
                """,
            privateB: """
                11fe1597de93331afcfbfa3615acd55de3e18dfdf6a2139d3d1c066c94df59d332ac40c59a128de68dbe17b5ee4ccff2
                c582a9ce71ba334a1f4474aa0ea3bbb9
                """,
            publicA: """
                2e436d99b21691da535ada6b783cd3e6c2def22de1f58bcdd529f9622db6a3be2815ac148346c6d9d7b75abd2d8dbfba
                bf801ac9b18aec10e586d248fe1676fe03662c39574f0ac3c0fec4843a7f9bb9f7807a17d6099185a3e284381abc07fd
                a4fa1057e3fc97a54be2990e22f5e7a26ff59abc3fd6a7c4f5016fd386822808
                """,
            publicB: """
                9be27914fac30b59cd27dfa81e5c8a4684348a06095c1bcbf445773762096a19feed95637c4a000092d8146c58b29a26
                c821657573712860cdec477f7fcc192470fd18a151d25fe3cabe8f77e95022511ca046d59d4ade6d0519c63bcd07ec57
                f3b823af34608c709fa3267b2131b8f53b81263f44d4e73075b52b478687ebbc
                """,
            secret: """
                799d7f8a0bdf21c025ed67c0b46540900c98bba28e9715ed4b0e7c006515e2d5e0ee0a38cbacf93afb6ee72c5c252c3a
                383a2b3c00bbf5d21e70e47dcd5678a5
                """
        ),
        KeyExchangeVector(
            method: .curve25519, source: "RFC 8031 appendix A",
            privateA: "751fb4308655b476b6789b7325f9ea8cddd16a58533ff6d9e60009464a5f9d94",
            privateB: "0a54645253290d60ddadd0e030bacd9e5501efdc220755a1e978f1b839a05688",
            publicA: "48d5ddd4061257ba166fa3f9bbdb74f1a4e81c089384fa77f790709f0dfbc766",
            publicB: "0be7c1f5aad87d7e448662673298a443478b859745179eaf564c79c0ef6eee25",
            secret: "c74950607a12327f3204d94b6825bfb068b7f8319a9e3708ed3d43ce8130c950"
        ),
        KeyExchangeVector(
            method: .curve448, source: "computed with Python's cryptography 48",
            privateA: """
                0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f30
                3132333435363738
                """,
            privateB: """
                6465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f808182838485868788898a8b8c8d8e8f90919293
                9495969798999a9b
                """,
            publicA: """
                bda7365ba1bd9a66f2ef38db6ec5ac5fad5452e990d8b2f88f721fd53363237e775f65205d1d4667d473f0e1f4c57694
                d2d802e8dff06026
                """,
            publicB: """
                2b5fdbbeaef3d235310b5a7f550d4744532c01fb3bd09397104f85dfdb330e3a00b8c60b5ef3bca001854a5a09f74ed4
                92a887e794d3067b
                """,
            secret: """
                498bb97e2b43011265e3734f40411b58cc5dc5a7f56286319050144caf4d55109d95e68e923f02ca0a68b2df59793756
                eb5280f62c54962f
                """
        ),
    ]

    /// Safe-prime groups: SHA-256 of the public value of the private key 01 02 … 20 and of the secret with the public
    /// value of 21 22 … 40, computed with Python's pow() over the primes as RFC 3526 and RFC 2409 §6.1, §6.2 print them.
    static let safePrimes: [(method: KeyExchangeMethod, publicDigest: String, secretDigest: String)] = [
        (
            .modp768, "983f65c1780576f288fcef2024c395c3012bcb2ca1894b8d1c7021869db87968",
            "2bcddf52be3297c044033c6d900a6803e5c0af5ce855913e1fcb3b7942857ee0"
        ),
        (
            .modp1024, "3e5e53f04e5eeec9a4732ead2dc7f2ffad5d7f6aab19395b4a8130e8ec660251",
            "acd15b77189f3d4817393a5cc6198e988d1de0ba61293bb4d737cfe7c73d8bc5"
        ),
        (
            .modp1536, "9a5ea5c17387a96223486d00a3d3437a4622bc0c790f48f01a1cebca6ce67221",
            "5ce671c57406a33c73a5e91a3795f55e5029f020be6642afaf7b5923df85310d"
        ),
        (
            .modp2048, "0b9cb9036d2a594a7e3b43169bdf47ee9c7b64a2292203f1bb137b0b648d7e3c",
            "34b0ca644513fd183880d688087619047e47ccf9fa7a287d4735a5125097db9a"
        ),
        (
            .modp3072, "b74e630be90eb9d4b19affaa173864f62b7b5408127da1bbe6614ff3b3d96c4d",
            "7d23090d7cfef8ee29952ed65e964468236dfddc200a24fa0fa959dee749dba9"
        ),
        (
            .modp4096, "0587822953fd21e5d74b2e8d6b068da2bf44c4793b7955aaa0d8ea4a5d3fceee",
            "f436411500313f77640e2f63c0cb53efcd92bcce3a7c77b82150033e742e7ee3"
        ),
        (
            .modp6144, "b59a1fdd9ea5a2e0b9ba03805a744504315892715900c6b39cc32f9f36a04f8c",
            "23ff5ff33f0bdf33779104906904a4d99656ab624f88583bb37b608c5392870c"
        ),
        (
            .modp8192, "5198b265547120332a823f75cb69fe8df34fff6cf8070f3d44b8ca64f1af5190",
            "5a6da961dab07bf797074e6f24d8002e8bf4f3df2fbb3e38f9c9585d78d6fbd9"
        ),
    ]
}
