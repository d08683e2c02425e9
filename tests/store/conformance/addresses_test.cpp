#include "store/conformance/store_fixture.hpp"

using namespace porter::testing;

namespace {

std::string name_of(store_fixture& fixture, std::string const& address)
{
    auto const found = fixture.run(fixture.addresses().name_of(address));
    REQUIRE(found);
    return found->value_or("(unknown)");
}

}  // namespace

TEST_CASE("an address without a record has no name")
{
    store_fixture fixture{GENERATE(from_range(backends()))};
    CHECK(name_of(fixture, "192.0.2.1") == "(unknown)");
}

TEST_CASE("an address has the name that was recorded for it last")
{
    store_fixture fixture{GENERATE(from_range(backends()))};
    auto const alice = fixture.add("alice");
    CHECK(fixture.run(fixture.addresses().record("192.0.2.1", "192.0.2.1", "Bob", std::nullopt, at(1))));
    CHECK(fixture.run(fixture.addresses().record("2001:db8::1", "2001:db8::1", "Eve", std::nullopt, at(1))));
    CHECK(name_of(fixture, "192.0.2.1") == "Bob");
    CHECK(fixture.run(fixture.addresses().record("192.0.2.1", "192.0.2.1", "alice", alice.id, at(2))));
    CHECK(name_of(fixture, "192.0.2.1") == "alice");
    CHECK(fixture.run(fixture.addresses().record("192.0.2.1", "192.0.2.1", "Eve", std::nullopt, at(3))));
    CHECK(name_of(fixture, "192.0.2.1") == "Eve");
}

TEST_CASE("the addresses of a deleted account are deleted")
{
    store_fixture fixture{GENERATE(from_range(backends()))};
    auto const alice = fixture.add("alice");
    CHECK(fixture.run(fixture.addresses().record("192.0.2.1", "192.0.2.1", "alice", alice.id, at(1))));
    CHECK(fixture.run(fixture.addresses().record("192.0.2.2", "192.0.2.2", "alice", std::nullopt, at(1))));
    fixture.administrator().remove(alice.id);
    CHECK(name_of(fixture, "192.0.2.1") == "(unknown)");
    CHECK(name_of(fixture, "192.0.2.2") == "alice");
}

TEST_CASE("nothing is recorded for a deleted account and that is not an error")
{
    store_fixture fixture{GENERATE(from_range(backends()))};
    CHECK(fixture.run(fixture.addresses().record("192.0.2.1", "192.0.2.1", "alice", 7, at(1))));
    CHECK(name_of(fixture, "192.0.2.1") == "(unknown)");
}

// Promise N15.
TEST_CASE("of an IPv6 network the 256 addresses seen last are stored")
{
    store_fixture fixture{GENERATE(from_range(backends()))};
    auto const address = [](int number) { return "2001:db8::" + std::to_string(number); };
    for (int i = 0; i < 256; ++i) {
        CHECK(fixture.run(fixture.addresses().record(address(i), "2001:db8::/64", "Eve", std::nullopt, at(i))));
    }
    CHECK(fixture.run(fixture.addresses().record("2001:db8:0:1::1", "2001:db8:0:1::/64", "Bob", std::nullopt, at(0))));
    CHECK(fixture.run(fixture.addresses().record(address(0), "2001:db8::/64", "Eve", std::nullopt, at(300))));
    CHECK(name_of(fixture, address(1)) == "Eve");
    CHECK(fixture.run(fixture.addresses().record(address(256), "2001:db8::/64", "Eve", std::nullopt, at(301))));
    CHECK(name_of(fixture, address(0)) == "Eve");
    CHECK(name_of(fixture, address(1)) == "(unknown)");
    CHECK(name_of(fixture, address(2)) == "Eve");
    CHECK(name_of(fixture, address(256)) == "Eve");
    CHECK(name_of(fixture, "2001:db8:0:1::1") == "Bob");
}

TEST_CASE("of an IPv6 /48 the 2048 addresses seen last are stored")
{
    store_fixture fixture{GENERATE(from_range(backends()))};
    auto const network = [](int number) { return "2001:db8:1:" + std::to_string(number / 200); };
    auto const address = [&network](int number) { return network(number) + "::" + std::to_string(number); };
    for (int i = 0; i <= 2048; ++i) {
        CHECK(fixture.run(fixture.addresses().record(address(i), network(i) + "::/64", "Eve", std::nullopt, at(i))));
    }
    CHECK(name_of(fixture, address(0)) == "(unknown)");
    CHECK(name_of(fixture, address(1)) == "Eve");
    CHECK(name_of(fixture, address(2048)) == "Eve");
}

TEST_CASE("IPv4 addresses are networks by themselves")
{
    store_fixture fixture{GENERATE(from_range(backends()))};
    auto const address = [](int number) {
        return "10.0." + std::to_string(number / 250) + '.' + std::to_string(number % 250);
    };
    for (int i = 0; i < 300; ++i) {
        CHECK(fixture.run(fixture.addresses().record(address(i), address(i), "Eve", std::nullopt, at(i))));
    }
    CHECK(name_of(fixture, address(0)) == "Eve");
}
