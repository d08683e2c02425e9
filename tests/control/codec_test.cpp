#include "control/codec.hpp"

#include <string>
#include <vector>

#include "support/catch.hpp"

namespace {

using namespace porter::detail::control;
using porter::connection_phase;
using porter::detail::base::as_bytes;

template <typename Message, typename Set>
Message decoded_as(Set const& original, std::optional<Set> (*decode)(porter::detail::base::bytes_view))
{
    auto const message = decode(as_bytes(encode(original)));
    REQUIRE(message);
    REQUIRE(std::holds_alternative<Message>(*message));
    return std::get<Message>(*message);
}

page sample_page()
{
    connection_row row;
    row.id = 0xfedcba9876543210;
    row.address = "2001:db8::7";
    row.account = "Алиса";
    row.phase = connection_phase::closing;
    row.connected_at = porter::timestamp{std::chrono::seconds{1764460800}};
    row.messages = 7;
    row.bytes = std::uint64_t{1} << 40;
    return {"node1", false, {row, {}}};
}

overview sample_overview()
{
    overview state{"1.2.3", "node1", {}, 20'000, sample_page().rows};
    state.load.uptime_ms = 86'400'000;
    state.load.closing = 4;
    state.load.store_ns = std::uint64_t{1} << 50;
    state.load.throttled_networks = 300;
    state.load.last_throttled = {"198.51.100.7", "2001:db8::/64"};
    return state;
}

}  // namespace

TEST_CASE("an overview and its request survive encoding")
{
    get_overview const asked{sort_key::connected_at, true, 256, "Алиса", "192.0.2.0/24"};
    auto const request_copy = decoded_as<get_overview>(request{asked}, decode_request);
    CHECK(request_copy.by == sort_key::connected_at);
    CHECK(request_copy.is_descending);
    CHECK(request_copy.limit == 256);
    CHECK(request_copy.account == "Алиса");
    CHECK(request_copy.network == "192.0.2.0/24");
    auto const copy = decoded_as<overview>(reply{sample_overview()}, decode_reply);
    CHECK(copy.version == "1.2.3");
    CHECK(copy.node == "node1");
    CHECK(copy.selected == 20'000);
    CHECK(copy.load.uptime_ms == 86'400'000);
    CHECK(copy.load.closing == 4);
    CHECK(copy.load.store_ns == std::uint64_t{1} << 50);
    CHECK(copy.load.throttled_networks == 300);
    CHECK(copy.load.last_throttled == std::vector<std::string>{"198.51.100.7", "2001:db8::/64"});
    CHECK(copy.rows.size() == 2);
}

TEST_CASE("requests of the control socket survive encoding")
{
    decoded_as<ping>(request{ping{}}, decode_request);
    CHECK(decoded_as<list_connections>(request{list_connections{1234567890123}}, decode_request).after ==
          1234567890123);
    auto const by_network =
        decoded_as<close_connections>(request{close_connections{selector::network, 0, "192.0.2.0/24"}}, decode_request);
    CHECK(by_network.by == selector::network);
    CHECK(by_network.text == "192.0.2.0/24");
    CHECK(decoded_as<close_connections>(request{close_connections{selector::id, 42, {}}}, decode_request).id == 42);
}

TEST_CASE("replies of the control socket survive encoding")
{
    auto const answer = decoded_as<pong>(reply{pong{"1.2.3", "node1", 20000}}, decode_reply);
    CHECK(answer.version == "1.2.3");
    CHECK(answer.node == "node1");
    CHECK(answer.connections == 20000);
    CHECK(decoded_as<closed>(reply{closed{3}}, decode_reply).count == 3);
    CHECK(decoded_as<rejected>(reply{rejected{"no network"}}, decode_reply).reason == "no network");
    auto const original = sample_page();
    auto const copy = decoded_as<page>(reply{original}, decode_reply);
    CHECK(copy.node == "node1");
    CHECK_FALSE(copy.is_last);
    REQUIRE(copy.rows.size() == 2);
    CHECK(copy.rows[0].id == original.rows[0].id);
    CHECK(copy.rows[0].address == original.rows[0].address);
    CHECK(copy.rows[0].account == original.rows[0].account);
    CHECK(copy.rows[0].phase == original.rows[0].phase);
    CHECK(copy.rows[0].connected_at == original.rows[0].connected_at);
    CHECK(copy.rows[0].messages == original.rows[0].messages);
    CHECK(copy.rows[0].bytes == original.rows[0].bytes);
    CHECK(copy.rows[1].account.empty());
}

TEST_CASE("a control message that is incomplete or longer or unknown is rejected")
{
    for (request const& message :
         std::vector<request>{ping{}, list_connections{7}, close_connections{selector::account, 0, "Alice"},
                              get_overview{sort_key::bytes, false, 7, "Alice", ""}}) {
        auto const whole = encode(message);
        for (std::size_t size = 0; size < whole.size(); ++size) {
            CHECK_FALSE(decode_request(as_bytes(std::string_view{whole}.substr(0, size))));
        }
        CHECK_FALSE(decode_request(as_bytes(whole + '\0')));
        CHECK_FALSE(decode_reply(as_bytes(whole)));
    }
    auto const whole = encode(reply{sample_page()});
    for (std::size_t size = 0; size < whole.size(); ++size) {
        CHECK_FALSE(decode_reply(as_bytes(std::string_view{whole}.substr(0, size))));
    }
    CHECK_FALSE(decode_reply(as_bytes(whole + '\0')));
    auto const state = encode(reply{sample_overview()});
    for (std::size_t size = 0; size < state.size(); ++size) {
        CHECK_FALSE(decode_reply(as_bytes(std::string_view{state}.substr(0, size))));
    }
    CHECK_FALSE(decode_reply(as_bytes(state + '\0')));
    CHECK_FALSE(decode_request(as_bytes("\x7f")));
    CHECK_FALSE(decode_request(as_bytes(encode(request{close_connections{static_cast<selector>(3), 0, {}}}))));
}

TEST_CASE("a false number of rows is rejected without memory for them")
{
    std::string const payload{"\x82\x00\x00\x01\xff\xff\xff\xff", 8};
    CHECK_FALSE(decode_reply(as_bytes(payload)));
}
