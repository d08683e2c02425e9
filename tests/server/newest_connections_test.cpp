#include "server/newest_connections.hpp"

#include "support/catch.hpp"

using namespace std::chrono_literals;
using porter::connection_info;
using porter::detail::server::newest_connections;

TEST_CASE("a sample is made after a request and is read until it is old")
{
    newest_connections sample;
    newest_connections::time const start{};
    CHECK_FALSE(sample.take_request());
    CHECK(sample.request(start) == nullptr);
    CHECK(sample.take_request());
    CHECK_FALSE(sample.take_request());

    connection_info one;
    one.id = 7;
    sample.publish({one}, start + 1s);
    CHECK_FALSE(sample.take_request());
    auto const rows = sample.request(start + 2s);
    REQUIRE(rows != nullptr);
    REQUIRE(rows->size() == 1);
    CHECK(rows->front().id == 7);
    CHECK(sample.request(start + 1s + newest_connections::lifetime) == nullptr);

    sample.publish({}, start + 30s);
    CHECK(sample.request(start + 30s)->empty());
    CHECK(rows->size() == 1);  // a reader keeps what it has
}
