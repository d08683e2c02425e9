#include "store/conformance/world.hpp"

using namespace porter::testing;

namespace {

std::string name_of(world& here, std::string const& address)
{
    auto const found = here.run(here.addresses().name_of(address));
    REQUIRE(found);
    return found->value_or("(unknown)");
}

}  // namespace

TEST_CASE("an address that was never seen has no name")
{
    world here{GENERATE(from_range(backends()))};
    CHECK(name_of(here, "192.0.2.1") == "(unknown)");
}

TEST_CASE("an address has the name that was recorded for it last")
{
    world here{GENERATE(from_range(backends()))};
    auto const alice = here.add("alice");
    CHECK(here.run(here.addresses().record("192.0.2.1", "192.0.2.1", "Bob", std::nullopt, at(1))));
    CHECK(here.run(here.addresses().record("2001:db8::1", "2001:db8::1", "Eve", std::nullopt, at(1))));
    CHECK(name_of(here, "192.0.2.1") == "Bob");
    CHECK(here.run(here.addresses().record("192.0.2.1", "192.0.2.1", "alice", alice.id, at(2))));
    CHECK(name_of(here, "192.0.2.1") == "alice");
    CHECK(here.run(here.addresses().record("192.0.2.1", "192.0.2.1", "Eve", std::nullopt, at(3))));
    CHECK(name_of(here, "192.0.2.1") == "Eve");
}

TEST_CASE("a deleted account is not remembered at its addresses")
{
    world here{GENERATE(from_range(backends()))};
    auto const alice = here.add("alice");
    CHECK(here.run(here.addresses().record("192.0.2.1", "192.0.2.1", "alice", alice.id, at(1))));
    CHECK(here.run(here.addresses().record("192.0.2.2", "192.0.2.2", "alice", std::nullopt, at(1))));
    here.administrator().remove(alice.id);
    CHECK(name_of(here, "192.0.2.1") == "(unknown)");
    CHECK(name_of(here, "192.0.2.2") == "alice");
}

TEST_CASE("nothing is recorded for an account that is gone and that is no error")
{
    world here{GENERATE(from_range(backends()))};
    CHECK(here.run(here.addresses().record("192.0.2.1", "192.0.2.1", "alice", 7, at(1))));
    CHECK(name_of(here, "192.0.2.1") == "(unknown)");
}
