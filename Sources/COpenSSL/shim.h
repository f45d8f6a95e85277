#pragma once
#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/obj_mac.h>
#include <openssl/param_build.h>
#include <openssl/params.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/provider.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

// What libcrypto has only as macros, inline functions of macros, or variable arguments.

static inline STACK_OF(X509) * swan_certificates_new(void) { return sk_X509_new_null(); }
static inline int swan_certificates_push(STACK_OF(X509) * stack, X509 *certificate) {
    return sk_X509_push(stack, certificate);
}
static inline int swan_certificates_count(const STACK_OF(X509) * stack) { return sk_X509_num(stack); }
static inline X509 *swan_certificates_at(const STACK_OF(X509) * stack, int index) {
    return sk_X509_value(stack, index);
}
static inline int swan_revoked_count(STACK_OF(X509_REVOKED) * stack) { return sk_X509_REVOKED_num(stack); }
static inline X509_REVOKED *swan_revoked_at(STACK_OF(X509_REVOKED) * stack, int index) {
    return sk_X509_REVOKED_value(stack, index);
}
// The stack alone; the certificates are others'.
static inline void swan_certificates_free(STACK_OF(X509) * stack) { sk_X509_free(stack); }
// The stack and its references to the certificates.
static inline void swan_certificates_release(STACK_OF(X509) * stack) { sk_X509_pop_free(stack, X509_free); }
static inline long swan_bio_octets(BIO *bio, char **octets) { return BIO_get_mem_data(bio, octets); }
static inline EVP_PKEY *swan_rsa_generate(size_t bits) { return EVP_PKEY_Q_keygen(NULL, NULL, "RSA", bits); }
static inline EVP_PKEY *swan_ec_generate(const char *curve) { return EVP_PKEY_Q_keygen(NULL, NULL, "EC", curve); }
static inline EVP_PKEY *swan_edwards_generate(const char *name) { return EVP_PKEY_Q_keygen(NULL, NULL, name); }

// libssl: TLS 1.lowest to 1.greatest; one more certificate of the chain (the reference is taken); no session is kept.
static inline int swan_tls_versions(SSL_CTX *context, int lowest, int greatest) {
    return SSL_CTX_set_min_proto_version(context, TLS1_VERSION + lowest) &&
           SSL_CTX_set_max_proto_version(context, TLS1_VERSION + greatest);
}
static inline int swan_tls_add_chain(SSL_CTX *context, X509 *certificate) {
    return SSL_CTX_add1_chain_cert(context, certificate);
}
// Nothing is ever renegotiated, so that a server may lack what makes that safe (RFC 5746), as strongSwan's does.
static inline void swan_tls_never_renegotiate(SSL_CTX *context) {
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_LEGACY_SERVER_CONNECT);
}
static inline void swan_tls_forget_sessions(SSL_CTX *context) {
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
    SSL_CTX_set_num_tickets(context, 0);
}
