#include "store/postgres/contact.hpp"

#include "support/catch.hpp"

using namespace std::chrono_literals;
using porter::detail::store::postgres::contact;

TEST_CASE("contact is lost when looks or heartbeats fail to come")
{
    contact::time const start{};
    contact last{start};
    CHECK_FALSE(last.is_expired(start + 999ms));
    CHECK(last.is_expired(start + 1s));
    last.on_look(start + 3s);
    CHECK(last.is_expired(start + 3s));  // an old primary answers looks, too
    last.on_beat(start + 3s);
    CHECK_FALSE(last.is_expired(start + 3'999ms));
    last.on_beat(start + 5s);
    CHECK(last.expires_at() == start + 4s);
}
