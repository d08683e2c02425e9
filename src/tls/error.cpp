#include "tls/error.hpp"

#include <openssl/err.h>

#include <array>

namespace porter::detail::tls {
namespace {

class tls_category final : public std::error_category {
public:
    char const* name() const noexcept override { return "tls"; }

    std::string message(int value) const override
    {
        switch (static_cast<errc>(value)) {
            case errc::truncated:
                return "the connection ended without a close_notify";
            case errc::no_protocol:
                return "the peer does not offer the ALPN protocol porter/1";
            case errc::too_much_output:
                return "the peer does not read the replies that it requests";
            case errc::plaintext_reply:
                return "the peer replied in plaintext";
            case errc::hello_too_large:
                return "the ClientHello is too large";
            case errc::no_hello:
                return "the peer did not send a ClientHello";
            case errc::too_many_keys:
                return "the peer updates its keys and sends no data";
            case errc::defect:
                return "TLS failed without a reason";
        }
        // A code of OpenSSL packs a library and a reason, and is far above errc.
        auto const code = static_cast<unsigned long>(static_cast<unsigned int>(value));
        if (auto const* const reason = ERR_reason_error_string(code)) return reason;
        std::array<char, 256> text{};
        ERR_error_string_n(code, text.data(), text.size());
        return text.data();
    }
};

}  // namespace

std::error_category const& category() noexcept
{
    static tls_category const instance;
    return instance;
}

base::error_code take_openssl_error() noexcept
{
    auto const code = ERR_peek_error();
    ERR_clear_error();
    if (code == 0) return errc::defect;
    return {static_cast<int>(static_cast<unsigned int>(code)), category()};
}

}  // namespace porter::detail::tls
