/// Consoles and logs of two real strongSwans of 5.9.8 with certificates, recorded on 2026-11-21 with kernel-libipsec, which
/// made the initiator see a NAT: `ipsec up` with RSA of 2048 bits and a revocation list, the same with the initiator's
/// certificate revoked, and EAP-MSCHAPv2 with a gateway that has another connection of the same ends.
enum RealCharon {
    static let console = """
        initiating IKE_SA home[1] to 192.168.0.1
        generating IKE_SA_INIT request 0 [ SA KE No N(NATD_S_IP) N(NATD_D_IP) N(FRAG_SUP) N(HASH_ALG) N(REDIR_SUP) ]
        sending packet: from 192.168.0.100[500] to 192.168.0.1[500] (240 bytes)
        received packet: from 192.168.0.1[500] to 192.168.0.100[500] (273 bytes)
        parsed IKE_SA_INIT response 0 [ SA KE No N(NATD_S_IP) N(NATD_D_IP) CERTREQ N(FRAG_SUP) N(HASH_ALG) N(CHDLESS_SUP) N(MULT_AUTH) ]
        selected proposal: IKE:AES_CBC_128/HMAC_SHA2_256_128/PRF_HMAC_SHA2_256/CURVE_25519
        remote host is behind NAT
        received cert request for "C=CH, O=Linux strongSwan, CN=strongSwan Root CA"
        sending cert request for "C=CH, O=Linux strongSwan, CN=strongSwan Root CA"
        authentication of 'carol@strongswan.org' (myself) with RSA_EMSA_PKCS1_SHA2_256 successful
        sending end entity cert "C=CH, O=Linux strongSwan, OU=Research, CN=carol@strongswan.org"
        establishing CHILD_SA home{1}
        generating IKE_AUTH request 1 [ IDi CERT N(INIT_CONTACT) CERTREQ IDr AUTH SA TSi TSr N(MULT_AUTH) N(EAP_ONLY) N(MSG_ID_SYN_SUP) ]
        splitting IKE message (1440 bytes) into 2 fragments
        generating IKE_AUTH request 1 [ EF(1/2) ]
        generating IKE_AUTH request 1 [ EF(2/2) ]
        sending packet: from 192.168.0.100[4500] to 192.168.0.1[4500] (1236 bytes)
        sending packet: from 192.168.0.100[4500] to 192.168.0.1[4500] (276 bytes)
        received packet: from 192.168.0.1[4500] to 192.168.0.100[4500] (1236 bytes)
        parsed IKE_AUTH response 1 [ EF(1/2) ]
        received fragment #1 of 2, waiting for complete IKE message
        received packet: from 192.168.0.1[4500] to 192.168.0.100[4500] (164 bytes)
        parsed IKE_AUTH response 1 [ EF(2/2) ]
        received fragment #2 of 2, reassembled fragmented IKE message (1328 bytes)
        parsed IKE_AUTH response 1 [ IDr CERT AUTH SA TSi TSr ]
        received end entity cert "C=CH, O=Linux strongSwan, CN=moon.strongswan.org"
          using certificate "C=CH, O=Linux strongSwan, CN=moon.strongswan.org"
          using trusted ca certificate "C=CH, O=Linux strongSwan, CN=strongSwan Root CA"
          reached self-signed root ca with a path length of 0
        checking certificate status of "C=CH, O=Linux strongSwan, CN=moon.strongswan.org"
          using trusted certificate "C=CH, O=Linux strongSwan, CN=strongSwan Root CA"
          crl correctly signed by "C=CH, O=Linux strongSwan, CN=strongSwan Root CA"
          crl is valid: until Dec 21 17:56:47 2026
          using cached crl
        certificate status is good
        authentication of 'moon.strongswan.org' with RSA_EMSA_PKCS1_SHA2_256 successful
        IKE_SA home[1] established between 192.168.0.100[carol@strongswan.org]...192.168.0.1[moon.strongswan.org]
        scheduling rekeying in 9811s
        maximum IKE_SA lifetime 10351s
        selected proposal: ESP:AES_CBC_128/HMAC_SHA2_256_128/NO_EXT_SEQ
        CHILD_SA home{1} established with SPIs 5652de7c_i 0f9641c7_o and TS 10.3.0.0/24 === 10.1.0.0/24
        connection 'home' established successfully

        """

    static let responder = """
        16[NET] <1> received packet: from 192.168.0.100[500] to 192.168.0.1[500] (240 bytes)
        16[ENC] <1> parsed IKE_SA_INIT request 0 [ SA KE No N(NATD_S_IP) N(NATD_D_IP) N(FRAG_SUP) N(HASH_ALG) N(REDIR_SUP) ]
        16[IKE] <1> 192.168.0.100 is initiating an IKE_SA
        16[CFG] <1> selected proposal: IKE:AES_CBC_128/HMAC_SHA2_256_128/PRF_HMAC_SHA2_256/CURVE_25519
        16[IKE] <1> remote host is behind NAT
        16[IKE] <1> sending cert request for "C=CH, O=Linux strongSwan, CN=strongSwan Root CA"
        16[ENC] <1> generating IKE_SA_INIT response 0 [ SA KE No N(NATD_S_IP) N(NATD_D_IP) CERTREQ N(FRAG_SUP) N(HASH_ALG) N(CHDLESS_SUP) N(MULT_AUTH) ]
        16[NET] <1> sending packet: from 192.168.0.1[500] to 192.168.0.100[500] (273 bytes)
        14[NET] <1> received packet: from 192.168.0.100[4500] to 192.168.0.1[4500] (1236 bytes)
        14[ENC] <1> parsed IKE_AUTH request 1 [ EF(1/2) ]
        14[ENC] <1> received fragment #1 of 2, waiting for complete IKE message
        09[NET] <1> received packet: from 192.168.0.100[4500] to 192.168.0.1[4500] (276 bytes)
        09[ENC] <1> parsed IKE_AUTH request 1 [ EF(2/2) ]
        09[ENC] <1> received fragment #2 of 2, reassembled fragmented IKE message (1440 bytes)
        09[ENC] <1> parsed IKE_AUTH request 1 [ IDi CERT N(INIT_CONTACT) CERTREQ IDr AUTH SA TSi TSr N(MULT_AUTH) N(EAP_ONLY) N(MSG_ID_SYN_SUP) ]
        09[IKE] <1> received cert request for "C=CH, O=Linux strongSwan, CN=strongSwan Root CA"
        09[IKE] <1> received end entity cert "C=CH, O=Linux strongSwan, OU=Research, CN=carol@strongswan.org"
        09[CFG] <1> looking for peer configs matching 192.168.0.1[moon.strongswan.org]...192.168.0.100[carol@strongswan.org]
        09[CFG] <rw|1> selected peer config 'rw'
        09[CFG] <rw|1>   using certificate "C=CH, O=Linux strongSwan, OU=Research, CN=carol@strongswan.org"
        09[CFG] <rw|1>   using trusted ca certificate "C=CH, O=Linux strongSwan, CN=strongSwan Root CA"
        09[CFG] <rw|1>   reached self-signed root ca with a path length of 0
        09[CFG] <rw|1> checking certificate status of "C=CH, O=Linux strongSwan, OU=Research, CN=carol@strongswan.org"
        09[CFG] <rw|1>   using trusted certificate "C=CH, O=Linux strongSwan, CN=strongSwan Root CA"
        09[CFG] <rw|1>   crl correctly signed by "C=CH, O=Linux strongSwan, CN=strongSwan Root CA"
        09[CFG] <rw|1>   crl is valid: until Dec 21 17:56:47 2026
        09[CFG] <rw|1>   using cached crl
        09[CFG] <rw|1> certificate status is good
        09[IKE] <rw|1> authentication of 'carol@strongswan.org' with RSA_EMSA_PKCS1_SHA2_256 successful
        09[IKE] <rw|1> authentication of 'moon.strongswan.org' (myself) with RSA_EMSA_PKCS1_SHA2_256 successful
        09[IKE] <rw|1> sending end entity cert "C=CH, O=Linux strongSwan, CN=moon.strongswan.org"
        09[IKE] <rw|1> IKE_SA rw[1] established between 192.168.0.1[moon.strongswan.org]...192.168.0.100[carol@strongswan.org]
        09[IKE] <rw|1> scheduling rekeying in 10070s
        09[IKE] <rw|1> maximum IKE_SA lifetime 10610s
        09[CFG] <rw|1> selected proposal: ESP:AES_CBC_128/HMAC_SHA2_256_128/NO_EXT_SEQ
        09[IKE] <rw|1> CHILD_SA rw{1} established with SPIs 0f9641c7_i 5652de7c_o and TS 10.1.0.0/24 === 10.3.0.0/24
        09[ENC] <rw|1> generating IKE_AUTH response 1 [ IDr CERT AUTH SA TSi TSr ]
        09[ENC] <rw|1> splitting IKE message (1328 bytes) into 2 fragments
        09[ENC] <rw|1> generating IKE_AUTH response 1 [ EF(1/2) ]
        09[ENC] <rw|1> generating IKE_AUTH response 1 [ EF(2/2) ]
        09[NET] <rw|1> sending packet: from 192.168.0.1[4500] to 192.168.0.100[4500] (1236 bytes)
        09[NET] <rw|1> sending packet: from 192.168.0.1[4500] to 192.168.0.100[4500] (164 bytes)

        """

    static let revoked = """
        09[CFG] <1> looking for peer configs matching 192.168.0.1[moon.strongswan.org]...192.168.0.100[carol@strongswan.org]
        09[CFG] <rw|1> selected peer config 'rw'
        09[CFG] <rw|1>   using certificate "C=CH, O=Linux strongSwan, OU=Research, CN=carol@strongswan.org"
        09[CFG] <rw|1>   using trusted ca certificate "C=CH, O=Linux strongSwan, CN=strongSwan Root CA"
        09[CFG] <rw|1>   reached self-signed root ca with a path length of 0
        09[CFG] <rw|1> checking certificate status of "C=CH, O=Linux strongSwan, OU=Research, CN=carol@strongswan.org"
        09[CFG] <rw|1>   using trusted certificate "C=CH, O=Linux strongSwan, CN=strongSwan Root CA"
        09[CFG] <rw|1>   crl correctly signed by "C=CH, O=Linux strongSwan, CN=strongSwan Root CA"
        09[CFG] <rw|1>   crl is valid: until Dec 21 17:57:24 2026
        09[CFG] <rw|1> certificate was revoked on Nov 21 17:57:24 UTC 2026, reason: unspecified
        09[CFG] <rw|1>   using cached crl
        09[IKE] <rw|1> no trusted RSA public key found for 'carol@strongswan.org'
        09[ENC] <rw|1> generating IKE_AUTH response 1 [ N(AUTH_FAILED) ]
        09[NET] <rw|1> sending packet: from 192.168.0.1[4500] to 192.168.0.100[4500] (80 bytes)

        """

    static let mschapConsole = """
        initiating IKE_SA eap[1] to 192.168.0.1
        generating IKE_SA_INIT request 0 [ SA KE No N(NATD_S_IP) N(NATD_D_IP) N(FRAG_SUP) N(HASH_ALG) N(REDIR_SUP) ]
        sending packet: from 192.168.0.100[500] to 192.168.0.1[500] (892 bytes)
        received packet: from 192.168.0.1[500] to 192.168.0.100[500] (273 bytes)
        parsed IKE_SA_INIT response 0 [ SA KE No N(NATD_S_IP) N(NATD_D_IP) CERTREQ N(FRAG_SUP) N(HASH_ALG) N(CHDLESS_SUP) N(MULT_AUTH) ]
        selected proposal: IKE:AES_CBC_128/HMAC_SHA2_256_128/PRF_HMAC_SHA2_256/CURVE_25519
        remote host is behind NAT
        received cert request for "C=CH, O=Linux strongSwan, CN=strongSwan Root CA"
        sending cert request for "C=CH, O=Linux strongSwan, CN=strongSwan Root CA"
        establishing CHILD_SA eap{1}
        generating IKE_AUTH request 1 [ IDi N(INIT_CONTACT) CERTREQ IDr SA TSi TSr N(MULT_AUTH) N(EAP_ONLY) N(MSG_ID_SYN_SUP) ]
        sending packet: from 192.168.0.100[4500] to 192.168.0.1[4500] (384 bytes)
        received packet: from 192.168.0.1[4500] to 192.168.0.100[4500] (1248 bytes)
        parsed IKE_AUTH response 1 [ IDr CERT AUTH EAP/REQ/ID ]
        received end entity cert "C=CH, O=Linux strongSwan, CN=moon.strongswan.org"
          using certificate "C=CH, O=Linux strongSwan, CN=moon.strongswan.org"
          using trusted ca certificate "C=CH, O=Linux strongSwan, CN=strongSwan Root CA"
          reached self-signed root ca with a path length of 0
        checking certificate status of "C=CH, O=Linux strongSwan, CN=moon.strongswan.org"
          using trusted certificate "C=CH, O=Linux strongSwan, CN=strongSwan Root CA"
          crl correctly signed by "C=CH, O=Linux strongSwan, CN=strongSwan Root CA"
          crl is valid: until Dec 21 17:56:47 2026
          using cached crl
        certificate status is good
        authentication of 'moon.strongswan.org' with RSA_EMSA_PKCS1_SHA2_256 successful
        server requested EAP_IDENTITY (id 0x00), sending 'carol'
        generating IKE_AUTH request 2 [ EAP/RES/ID ]
        sending packet: from 192.168.0.100[4500] to 192.168.0.1[4500] (80 bytes)
        received packet: from 192.168.0.1[4500] to 192.168.0.100[4500] (112 bytes)
        parsed IKE_AUTH response 2 [ EAP/REQ/MSCHAPV2 ]
        server requested EAP_MSCHAPV2 authentication (id 0x39)
        generating IKE_AUTH request 3 [ EAP/RES/MSCHAPV2 ]
        sending packet: from 192.168.0.100[4500] to 192.168.0.1[4500] (144 bytes)
        received packet: from 192.168.0.1[4500] to 192.168.0.100[4500] (144 bytes)
        parsed IKE_AUTH response 3 [ EAP/REQ/MSCHAPV2 ]
        EAP-MS-CHAPv2 succeeded: 'Welcome2strongSwan'
        generating IKE_AUTH request 4 [ EAP/RES/MSCHAPV2 ]
        sending packet: from 192.168.0.100[4500] to 192.168.0.1[4500] (80 bytes)
        received packet: from 192.168.0.1[4500] to 192.168.0.100[4500] (80 bytes)
        parsed IKE_AUTH response 4 [ EAP/SUCC ]
        EAP method EAP_MSCHAPV2 succeeded, MSK established
        authentication of 'carol@strongswan.org' (myself) with EAP
        generating IKE_AUTH request 5 [ AUTH ]
        sending packet: from 192.168.0.100[4500] to 192.168.0.1[4500] (112 bytes)
        received packet: from 192.168.0.1[4500] to 192.168.0.100[4500] (208 bytes)
        parsed IKE_AUTH response 5 [ AUTH SA TSi TSr ]
        authentication of 'moon.strongswan.org' with EAP successful
        IKE_SA eap[1] established between 192.168.0.100[carol@strongswan.org]...192.168.0.1[moon.strongswan.org]
        scheduling rekeying in 10251s
        maximum IKE_SA lifetime 10791s
        selected proposal: ESP:AES_CBC_128/HMAC_SHA2_256_128/NO_EXT_SEQ
        CHILD_SA eap{1} established with SPIs 8543fc3a_i a43a92b7_o and TS 10.3.0.0/24 === 10.1.0.0/24
        connection 'eap' established successfully

        """

    static let mschapResponder = """
        04[NET] <1> received packet: from 192.168.0.100[500] to 192.168.0.1[500] (892 bytes)
        04[ENC] <1> parsed IKE_SA_INIT request 0 [ SA KE No N(NATD_S_IP) N(NATD_D_IP) N(FRAG_SUP) N(HASH_ALG) N(REDIR_SUP) ]
        04[IKE] <1> 192.168.0.100 is initiating an IKE_SA
        04[CFG] <1> selected proposal: IKE:AES_CBC_128/HMAC_SHA2_256_128/PRF_HMAC_SHA2_256/CURVE_25519
        04[IKE] <1> remote host is behind NAT
        04[IKE] <1> sending cert request for "C=CH, O=Linux strongSwan, CN=strongSwan Root CA"
        04[ENC] <1> generating IKE_SA_INIT response 0 [ SA KE No N(NATD_S_IP) N(NATD_D_IP) CERTREQ N(FRAG_SUP) N(HASH_ALG) N(CHDLESS_SUP) N(MULT_AUTH) ]
        04[NET] <1> sending packet: from 192.168.0.1[500] to 192.168.0.100[500] (273 bytes)
        03[NET] <1> received packet: from 192.168.0.100[4500] to 192.168.0.1[4500] (384 bytes)
        03[ENC] <1> parsed IKE_AUTH request 1 [ IDi N(INIT_CONTACT) CERTREQ IDr SA TSi TSr N(MULT_AUTH) N(EAP_ONLY) N(MSG_ID_SYN_SUP) ]
        03[IKE] <1> received cert request for "C=CH, O=Linux strongSwan, CN=strongSwan Root CA"
        03[CFG] <1> looking for peer configs matching 192.168.0.1[moon.strongswan.org]...192.168.0.100[carol@strongswan.org]
        03[CFG] <rw|1> selected peer config 'rw'
        03[IKE] <rw|1> peer requested EAP, config unacceptable
        03[CFG] <rw|1> switching to peer config 'rw-eap'
        03[IKE] <rw-eap|1> initiating EAP_IDENTITY method (id 0x00)
        03[IKE] <rw-eap|1> authentication of 'moon.strongswan.org' (myself) with RSA_EMSA_PKCS1_SHA2_256 successful
        03[IKE] <rw-eap|1> sending end entity cert "C=CH, O=Linux strongSwan, CN=moon.strongswan.org"
        03[ENC] <rw-eap|1> generating IKE_AUTH response 1 [ IDr CERT AUTH EAP/REQ/ID ]
        03[NET] <rw-eap|1> sending packet: from 192.168.0.1[4500] to 192.168.0.100[4500] (1248 bytes)
        15[NET] <rw-eap|1> received packet: from 192.168.0.100[4500] to 192.168.0.1[4500] (80 bytes)
        15[ENC] <rw-eap|1> parsed IKE_AUTH request 2 [ EAP/RES/ID ]
        15[IKE] <rw-eap|1> received EAP identity 'carol'
        15[IKE] <rw-eap|1> initiating EAP_MSCHAPV2 method (id 0x39)
        15[ENC] <rw-eap|1> generating IKE_AUTH response 2 [ EAP/REQ/MSCHAPV2 ]
        15[NET] <rw-eap|1> sending packet: from 192.168.0.1[4500] to 192.168.0.100[4500] (112 bytes)
        16[NET] <rw-eap|1> received packet: from 192.168.0.100[4500] to 192.168.0.1[4500] (144 bytes)
        16[ENC] <rw-eap|1> parsed IKE_AUTH request 3 [ EAP/RES/MSCHAPV2 ]
        16[ENC] <rw-eap|1> generating IKE_AUTH response 3 [ EAP/REQ/MSCHAPV2 ]
        16[NET] <rw-eap|1> sending packet: from 192.168.0.1[4500] to 192.168.0.100[4500] (144 bytes)
        06[NET] <rw-eap|1> received packet: from 192.168.0.100[4500] to 192.168.0.1[4500] (80 bytes)
        06[ENC] <rw-eap|1> parsed IKE_AUTH request 4 [ EAP/RES/MSCHAPV2 ]
        06[IKE] <rw-eap|1> EAP method EAP_MSCHAPV2 succeeded, MSK established
        06[ENC] <rw-eap|1> generating IKE_AUTH response 4 [ EAP/SUCC ]
        06[NET] <rw-eap|1> sending packet: from 192.168.0.1[4500] to 192.168.0.100[4500] (80 bytes)
        05[NET] <rw-eap|1> received packet: from 192.168.0.100[4500] to 192.168.0.1[4500] (112 bytes)
        05[ENC] <rw-eap|1> parsed IKE_AUTH request 5 [ AUTH ]
        05[IKE] <rw-eap|1> authentication of 'carol@strongswan.org' with EAP successful
        05[IKE] <rw-eap|1> authentication of 'moon.strongswan.org' (myself) with EAP
        05[IKE] <rw-eap|1> IKE_SA rw-eap[1] established between 192.168.0.1[moon.strongswan.org]...192.168.0.100[carol@strongswan.org]
        05[IKE] <rw-eap|1> scheduling rekeying in 9947s
        05[IKE] <rw-eap|1> maximum IKE_SA lifetime 10487s
        05[CFG] <rw-eap|1> selected proposal: ESP:AES_CBC_128/HMAC_SHA2_256_128/NO_EXT_SEQ
        05[IKE] <rw-eap|1> CHILD_SA rw-eap{1} established with SPIs a43a92b7_i 8543fc3a_o and TS 10.1.0.0/24 === 10.3.0.0/24
        05[ENC] <rw-eap|1> generating IKE_AUTH response 5 [ AUTH SA TSi TSr ]
        05[NET] <rw-eap|1> sending packet: from 192.168.0.1[4500] to 192.168.0.100[4500] (208 bytes)

        """
}
