#include "support/server_fixture.hpp"

#include <utility>

#include "support/catch.hpp"

namespace porter::testing {

namespace {

detail::auth::secret_box make_box()
{
    std::vector<detail::base::secret> keys;
    keys.push_back(detail::auth::new_box_key());
    return detail::auth::secret_box{std::move(keys)};
}

}  // namespace

server_fixture::server_fixture(detail::server::options options, service handler, std::size_t threads,
                               std::uint32_t max_registrations)
    : throttle(store.ports().attempts, clock, log, detail::auth::random_name_key(), max_registrations),
      second_factors(*store.ports().second_factors, throttle, make_box(), clock, log),
      registry(store.ports().sessions, throttle, tokens, clock, log, {}, store.ports().codes),
      context{directory,
              verifier,
              registry,
              clock,
              log,
              detail::base::published{options},
              std::move(handler),
              nullptr,
              store.ports().bans,
              &redeemer,
              &second_factors},
      server(std::make_unique<detail::server::tcp_server>(io, threads, context))
{
    auto acceptors = detail::server::listen_on(io, {"127.0.0.1"}, 0, 1);
    endpoint = acceptors.front().local_endpoint();
    server->add(std::move(acceptors.front()));
    server->start();
}

server_fixture::~server_fixture() = default;

task<test_client> server_fixture::connected(std::string from)
{
    test_client client{io};
    if (!from.empty()) client.bind(from);
    co_await client.connect(endpoint);
    co_return client;
}

task<test_client> server_fixture::greeted(std::string from)
{
    auto client = co_await connected(std::move(from));
    co_await client.greet();
    co_return client;
}

task<test_client> server_fixture::admitted(std::string from)
{
    auto client = co_await greeted(std::move(from));
    co_await client.receive_access();
    co_return client;
}

task<test_client> server_fixture::registered(std::string name)
{
    auto client = co_await greeted();
    co_await client.register_account(std::move(name));
    co_return client;
}

task<test_client> server_fixture::logged_in(std::string name)
{
    auto client = co_await greeted();
    co_await client.log_in(std::move(name));
    co_return client;
}

void server_fixture::check_that_defects_end_connections()
{
    run([this]() -> task<void> {
        for (int i = 0; i < 2; ++i) {
            auto client = co_await admitted();
            auto const closed = co_await client.receives_closing(code::internal);
            CHECK(closed);
        }
    });
    CHECK(log.count("defect") >= 2);
}

task<void> server_fixture::wait_for_connections(std::size_t most)
{
    while (server->connections() > most) co_await yield();
}

detail::server::options with_access(detail::protocol::access_mode mode)
{
    detail::server::options options;
    options.access = mode;
    return options;
}

detail::server::options open_access()
{
    return with_access(detail::protocol::access_mode::open);
}

}  // namespace porter::testing
