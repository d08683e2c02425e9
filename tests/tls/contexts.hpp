#pragma once

#include <utility>
#include <vector>

#include "tls/context.hpp"

namespace porter::testing {

namespace tls = detail::tls;

inline tls::certified_key new_key()
{
    auto key = tls::make_key();
    std::vector<tls::certificate_handle> chain;
    chain.push_back(tls::make_certificate(*key, detail::base::system_clock{}.now()));
    return {std::move(key), std::move(chain)};
}

/// The contexts of both sides of a connection.
struct contexts {
    tls::certified_key key = new_key();
    tls::server_context server{key};
    tls::client_context client;
};

}  // namespace porter::testing
