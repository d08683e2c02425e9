#include "tls/handles.hpp"

#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

namespace porter::detail::tls {

void free_handle::operator()(evp_pkey_st* key) const noexcept
{
    EVP_PKEY_free(key);
}

void free_handle::operator()(ssl_ctx_st* context) const noexcept
{
    SSL_CTX_free(context);
}

void free_handle::operator()(ssl_st* session) const noexcept
{
    SSL_free(session);
}

void free_handle::operator()(x509_st* certificate) const noexcept
{
    X509_free(certificate);
}

}  // namespace porter::detail::tls
