openssl req -x509 -newkey rsa:2048 -nodes -sha256 -days 30 -subj /CN=vpp.home -keyout server-key.pem -out server-cert.pem 2>/dev/null
