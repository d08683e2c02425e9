#pragma once

#include <utility>

#include "support/server_fixture.hpp"
#include "tls/contexts.hpp"

namespace porter::testing {

/// A server in open access, to which clients connect with TLS or without it.
struct optional_tls_server {
    explicit optional_tls_server(service handler) : optional_tls_server(open_access(), std::move(handler)) {}
    explicit optional_tls_server(detail::server::options options, service handler = detail::services::echo)
        : fixture(std::move(options), std::move(handler))
    {
        fixture.context.tls = &tls;
    }

    /// Runs a test, a function of a client with access.
    template <typename Test>
    void run(bool over_tls, Test test)
    {
        fixture.run([&]() -> task<void> {
            test_client client{fixture.io};
            if (over_tls) {
                co_await client.connect_tls(fixture.endpoint);
            } else {
                co_await client.connect(fixture.endpoint);
            }
            co_await client.greet();
            co_await client.receive_access();
            co_await test(client);
        });
    }

    detail::server::tls_acceptor tls{tls_mode::automatic, new_key()};
    server_fixture fixture;
};

}  // namespace porter::testing
