#pragma once

#include <memory>

// Forward declarations of OpenSSL's types, so that only the files that use them include OpenSSL.
struct evp_pkey_st;
struct ssl_ctx_st;
struct ssl_st;
struct x509_st;

namespace porter::detail::tls {

struct free_handle {
    void operator()(evp_pkey_st* key) const noexcept;
    void operator()(ssl_ctx_st* context) const noexcept;
    void operator()(ssl_st* session) const noexcept;
    void operator()(x509_st* certificate) const noexcept;
};

using key_handle = std::unique_ptr<evp_pkey_st, free_handle>;
using context_handle = std::unique_ptr<ssl_ctx_st, free_handle>;
using ssl_handle = std::unique_ptr<ssl_st, free_handle>;
using certificate_handle = std::unique_ptr<x509_st, free_handle>;

}  // namespace porter::detail::tls
