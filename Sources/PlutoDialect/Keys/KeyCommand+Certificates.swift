import IKECrypto

/// `import`, `pk12util -i`, `certutil`, `crlutil -I`: certificates in and out of the key store.
extension KeyCommand {
    /// `import FILE`, `pk12util -i FILE`: key, certificate and authorities of a PKCS #12 file. Authorities that come with
    /// it and signed themselves are trusted by `import`, as libreswan's does; pk12util leaves that to `certutil -M`.
    mutating func importPKCS12() throws(Failure) -> String {
        let options = try options(
            flags: [], values: ["nssdir", "i", "W", "w", "K", "k", "n", "password", "nsspw"],
            synonyms: KeyCommand.folderSynonyms.merging(["password": "W"]) { $1 })
        guard let path = options["i"] ?? options[""] else { throw Failure(message: "a PKCS #12 file is missing") }
        var password = options["W"] ?? ""
        if let file = options["w"] {
            password = String(decoding: try input(file).prefix { $0 != 0x0a && $0 != 0x0d }, as: UTF8.self)
        }
        let found: PKCS12
        do throws(CryptoError) { found = try PKCS12(try inputOctets(path), password: password) } catch {
            let why = error == .integrity ? "the password is another" : "\(error)"
            throw Failure(message: "PKCS12 decode of \(path) failed: \(why)", status: 17)
        }
        guard let certificate = found.certificate else {
            throw Failure(message: "no certificate in \(path)", status: 17)
        }
        if let key = found.privateKey { try store(key) }
        try store(
            certificate, nickname: options["n"] ?? found.friendlyName ?? commonName(certificate),
            trust: found.privateKey == nil ? ",," : "u,u,u")
        let trusts = verb == "import"
        for other in found.others {
            try store(
                other, nickname: commonName(other),
                trust: trusts && other.isAuthority && other.isSelfIssued ? "CT,," : ",,")
        }
        return "pk12util: PKCS12 IMPORT SUCCESSFUL\n"
    }

    private func inputOctets(_ path: String) throws(CryptoError) -> [UInt8] {
        do throws(Failure) { return try input(path) } catch { throw .malformed(error.message) }
    }

    /// The last CN, or the whole name.
    private func commonName(_ certificate: Certificate) -> String {
        let name = certificate.subject.attributes.last { $0.type == [0x55, 4, 3] }
        return name.map { String(decoding: $0.value, as: UTF8.self) } ?? certificate.subject.text
    }

    /// `crlutil -I -i FILE`.
    mutating func importList() throws(Failure) -> String {
        let options = try options(
            flags: ["I", "L", "B"], values: ["nssdir", "i", "t"], synonyms: KeyCommand.folderSynonyms)
        guard options["I"] != nil, let path = options["i"] else { throw Failure(message: "expecting -I -i FILE") }
        do throws(CryptoError) {
            let octets = try inputOctets(path)
            let section = try? PEM.sections(of: octets).first { $0.label == "X509 CRL" }
            let list = try RevocationList(der: section?.contents.exposed ?? octets)
            let name = StoredFile.hexadecimal(Digest.sha1(list.issuer.der)) + ".pem"
            do throws(Failure) { try write("crls", name, Array(PEM.text("X509 CRL", list.der).utf8)) } catch {
                throw .malformed(error.message)
            }
        } catch {
            throw Failure(message: "unable to import CRL: \(error)")
        }
        return ""
    }

    /// `certutil -L [-n NAME [-a]]`, `-A -n NAME -t TRUST [-i FILE]`, `-M -n NAME -t TRUST`, `-D -n NAME`, `-F -n NAME`,
    /// `-O -n NAME`.
    mutating func certutil() throws(Failure) -> String {
        let options = try options(
            flags: ["L", "A", "M", "D", "F", "O", "K", "a"], values: ["nssdir", "n", "t", "i", "f", "k"],
            synonyms: KeyCommand.folderSynonyms)
        let contents = contents()
        func named() throws(Failure) -> KeyStoreContents.Entry {
            guard let name = options["n"] else { throw Failure(message: "-n NICKNAME is missing", status: 255) }
            guard let entry = contents.entries.first(where: { $0.nickname == name }) else {
                throw Failure(message: "could not find certificate named \"\(name)\"", status: 255)
            }
            return entry
        }
        if options["A"] != nil {
            guard let name = options["n"], let path = options["i"] else {
                throw Failure(message: "-A needs -n NICKNAME -t TRUST -i FILE", status: 255)
            }
            do throws(CryptoError) {
                let octets = try inputOctets(path)
                let section = try? PEM.sections(of: octets).first { $0.label.hasSuffix("CERTIFICATE") }
                let certificate = try Certificate(der: section?.contents.exposed ?? octets)
                do throws(Failure) { try store(certificate, nickname: name, trust: options["t"] ?? ",,") } catch {
                    throw .malformed(error.message)
                }
            } catch {
                throw Failure(message: "could not read certificate \(path): \(error)", status: 255)
            }
            return ""
        }
        if options["M"] != nil {
            let entry = try named()
            try store(entry.certificate, nickname: entry.nickname, trust: options["t"] ?? ",,")
            return ""
        }
        if options["D"] != nil || options["F"] != nil {
            let entry = try named()
            var gone = [entry.path]
            if options["F"] != nil {
                gone.append(
                    "\(store.folder)/keys/\(StoredFile.hexadecimal(entry.certificate.publicKey.keyID)).pem")
            }
            for path in gone {
                if let problem = files.removeFile(path) { throw Failure(message: "\(path): \(problem)", status: 255) }
            }
            return ""
        }
        if options["K"] != nil { return keyListing(contents) }
        if options["O"] != nil { return chainListing(try named(), contents) }
        guard options["L"] != nil else { throw Failure(message: "expecting one of -L -A -M -D -F -K -O", status: 255) }
        guard options["n"] != nil else { return listing(contents) }
        let entry = try named()
        if options["a"] != nil { return PEM.text("CERTIFICATE", entry.certificate.der) }
        let serial = StoredFile.hexadecimal(entry.certificate.serialNumber)
        return "Certificate:\n    Serial Number: 0x\(serial)\n    Issuer: \"\(entry.certificate.issuer.text)\"\n"
            + "    Subject: \"\(entry.certificate.subject.text)\"\n    Trust Attributes: \(entry.trust)\n"
    }

    private func listing(_ contents: KeyStoreContents) -> String {
        func line(_ name: String, _ trust: String) -> String {
            name + String(repeating: " ", count: max(1, 61 - name.count)) + trust + "\n"
        }
        return "\n" + line("Certificate Nickname", "Trust Attributes") + line("", "SSL,S/MIME,JAR/XPI") + "\n"
            + contents.entries.map { entry in
                // A certificate whose key is here is a user's.
                let trust = contents.hasPrivateKey(of: entry.certificate) ? "u,u,u" : entry.trust
                return line(entry.nickname, trust)
            }.joined()
    }

    private func keyListing(_ contents: KeyStoreContents) -> String {
        contents.privateKeys.enumerated().map { index, key in
            let owner = contents.entries.first { $0.certificate.publicKey == key.publicKey }?.nickname ?? "(orphan)"
            return "<\(index < 10 ? " " : "")\(index)> \(PublicKeyText.kind(key.publicKey))      "
                + "\(StoredFile.hexadecimal(key.publicKey.keyID))   \(owner)\n"
        }.joined()
    }

    /// A certificate behind its authorities, the outermost first.
    private func chainListing(_ entry: KeyStoreContents.Entry, _ contents: KeyStoreContents) -> String {
        var chain = [entry]
        while let last = chain.last, !last.certificate.isSelfIssued, chain.count < 8,
            let next = contents.entries.first(where: { candidate in
                candidate.certificate.subject == last.certificate.issuer && !chain.contains(candidate)
            })
        {
            chain.append(next)
        }
        return chain.reversed().enumerated().map { depth, member in
            String(repeating: " ", count: 2 * depth)
                + "\"\(member.nickname)\" [\(member.certificate.subject.text)]\n\n"
        }.joined()
    }
}
