openssl req -x509 -newkey rsa:2048 -nodes -sha256 -days 30 -subj /CN=roadwarrior.vpn.example.com -keyout client-key.pem -out client-cert.pem 2>/dev/null
openssl req -x509 -newkey rsa:2048 -nodes -sha256 -days 30 -subj /CN=roadwarrior.vpn.example.com -keyout other-key.pem -out other-cert.pem 2>/dev/null
