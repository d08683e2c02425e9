#include "auth/name_digest.hpp"

#include "support/catch.hpp"

using namespace porter::detail::auth;

TEST_CASE("a key that is derived from a secret is the same for the same secret alone")
{
    CHECK(derive_name_key("secret") == derive_name_key("secret"));
    CHECK(derive_name_key("secret") != derive_name_key("Secret"));
    CHECK(derive_name_key("") != derive_name_key("secret"));
}

TEST_CASE("a derived key stays the same in later versions")
{
    // Servers of two versions share a database during an upgrade. The first bytes are from Python's hashlib.blake2b.
    auto const key = derive_name_key("secret");
    CHECK(key[0] == std::byte{0xc5});
    CHECK(key[1] == std::byte{0xca});
    CHECK(key[31] == std::byte{0xef});
}

TEST_CASE("a digest depends on the key and the name")
{
    auto const key = derive_name_key("one");
    CHECK(digest_of("alice", key) == digest_of("alice", key));
    CHECK(digest_of("alice", key) != digest_of("bob", key));
    CHECK(digest_of("alice", key) != digest_of("alice", derive_name_key("two")));
    CHECK(digest_of("alice", random_name_key()) != digest_of("alice", random_name_key()));
}
