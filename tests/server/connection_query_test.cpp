// The order and the selection of connections for a display.
#include "server/connection_query.hpp"

#include <string>
#include <vector>

#include "support/catch.hpp"

namespace {

using namespace porter::detail::server;
using key = connection_query::key;
using porter::connection_info;
using porter::connection_phase;

connection_info connection(std::uint64_t id, std::string const& address, std::string const& name, std::uint64_t bytes)
{
    connection_info info;
    info.id = id;
    info.address = address;
    info.name = name;
    info.phase = name.empty() ? connection_phase::access : connection_phase::exchange;
    info.messages_in = 100 - bytes;
    info.bytes_in = bytes;
    return info;
}

/// The ids in the order of the key.
std::vector<std::uint64_t> ordered(key by, bool is_descending, std::size_t limit = 100)
{
    connection_query query;
    query.by = by;
    query.is_descending = is_descending;
    query.limit = limit;
    connection_sample first;
    first.rows = {connection(1, "192.0.2.10", "Bob", 7), connection(4, "2001:db8::1", "", 3)};
    connection_sample second;
    second.rows = {connection(2, "192.0.2.9", "Alice", 7), connection(3, "10.0.0.1", "Carol", 50)};
    first.append(second);
    first.arrange(query);
    std::vector<std::uint64_t> ids;
    for (auto const& row : first.rows) ids.push_back(row.id);
    return ids;
}

}  // namespace

TEST_CASE("connections of several workers are ordered by each key in both directions")
{
    using ids = std::vector<std::uint64_t>;
    CHECK(ordered(key::id, false) == ids{1, 2, 3, 4});
    CHECK(ordered(key::id, true) == ids{4, 3, 2, 1});
    CHECK(ordered(key::account, false) == ids{4, 2, 1, 3});
    CHECK(ordered(key::address, false) == ids{3, 2, 1, 4});
    CHECK(ordered(key::phase, false) == ids{4, 1, 2, 3});
    CHECK(ordered(key::bytes, true) == ids{3, 2, 1, 4});  // equal ones by their ids, likewise reversed
    CHECK(ordered(key::bytes, false) == ids{4, 1, 2, 3});
    CHECK(ordered(key::messages, true) == ids{4, 2, 1, 3});
}

TEST_CASE("rows beyond the limit are dropped after they are ordered")
{
    CHECK(ordered(key::bytes, true, 2) == std::vector<std::uint64_t>{3, 2});
    CHECK(ordered(key::bytes, true, 0).empty());
}

TEST_CASE("a query selects by name as accounts are compared and by network")
{
    auto const address = asio::ip::make_address("192.0.2.7");
    connection_query query;
    CHECK(query.selects("", address));
    query.folded_name = "alice";
    CHECK(query.selects("ALICE", address));
    CHECK_FALSE(query.selects("Alic", address));
    CHECK_FALSE(query.selects("", address));
    query.folded_name = "ålice";
    CHECK(query.selects("ÅLICE", address));
    query.network = porter::detail::base::network::parse("192.0.2.0/24");
    CHECK(query.selects("Ålice", address));
    CHECK_FALSE(query.selects("Ålice", asio::ip::make_address("192.0.3.7")));
}

TEST_CASE("phases and selected connections of several workers are added up")
{
    connection_sample all;
    all.phases = {1, 2, 3, 4};
    all.selected = 10;
    connection_sample more;
    more.phases = {10, 20, 30, 40};
    more.selected = 100;
    all.append(more);
    CHECK(all.phases == std::array<std::uint64_t, 4>{11, 22, 33, 44});
    CHECK(all.selected == 110);
}
