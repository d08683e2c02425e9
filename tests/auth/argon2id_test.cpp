// Promise P8 of SECURITY.md: what is computed is bounded.
#include <sys/resource.h>

#include <fstream>
#include <stdexcept>

#include "auth/argon2id.hpp"
#include "support/catch.hpp"

using porter::detail::auth::argon2id;
using verify_result = porter::detail::auth::hash_function::verify_result;

namespace {

constexpr std::size_t little = 8 * 1024;

/// Limits what the process may map beyond its present size, in bytes, while this object lives.
class memory_limit {
public:
    explicit memory_limit(rlim_t more)
    {
        rlim_t pages = 0;
        std::ifstream{"/proc/self/statm"} >> pages;
        getrlimit(RLIMIT_AS, &before_);
        rlimit limited = before_;
        limited.rlim_cur = pages * 4096 + more;
        setrlimit(RLIMIT_AS, &limited);
    }
    ~memory_limit() { setrlimit(RLIMIT_AS, &before_); }
    memory_limit(memory_limit const&) = delete;
    memory_limit& operator=(memory_limit const&) = delete;

private:
    rlimit before_{};
};

}  // namespace

TEST_CASE("a hash is Argon2id with a random salt and verifies only its password")
{
    argon2id function{little, 1};
    auto const one = function.make("correct horse");
    auto const other = function.make("correct horse");
    REQUIRE(one);
    REQUIRE(other);
    CHECK(one->starts_with("$argon2id$v=19$m=8,t=1,p=1$"));
    CHECK(*one != *other);
    CHECK(function.verify(*one, "correct horse") == verify_result::match);
    CHECK(function.verify(*one, "correct horsf") == verify_result::mismatch);
    CHECK(function.verify(*one, "correct horse ") == verify_result::mismatch);
    CHECK(function.verify(*one, "") == verify_result::mismatch);
}

TEST_CASE("a password is used whole")
{
    argon2id function{little, 1};
    std::string const password(1024, 'x');
    auto const hash = function.make(password);
    REQUIRE(hash);
    CHECK(function.verify(*hash, password.substr(1)) == verify_result::mismatch);
    CHECK(function.verify(*hash, std::string_view{"\0", 1}) == verify_result::mismatch);
    auto const with_zero = function.make(std::string_view{"a\0b", 3});
    REQUIRE(with_zero);
    CHECK(function.verify(*with_zero, std::string_view{"a\0c", 3}) == verify_result::mismatch);
}

TEST_CASE("an empty password has a hash like any other")
{
    argon2id function{little, 1};
    auto const hash = function.make("");
    REQUIRE(hash);
    CHECK(function.verify(*hash, "") == verify_result::match);
    CHECK(function.verify(*hash, "x") == verify_result::mismatch);
}

TEST_CASE("a hash with other parameters still verifies and is stale")
{
    argon2id yesterday{little, 1};
    argon2id more_memory{2 * little, 1};
    argon2id more_passes{little, 2};
    auto const hash = yesterday.make("correct horse");
    REQUIRE(hash);
    CHECK_FALSE(yesterday.is_stale(*hash));
    CHECK(more_memory.is_stale(*hash));
    CHECK(more_passes.is_stale(*hash));
    CHECK(more_memory.verify(*hash, "correct horse") == verify_result::match);
}

TEST_CASE("a text that is not a hash is unreadable")
{
    argon2id function{little, 1};
    for (auto const* stored : {"", "secret", "$2b$12$abcdefghijklmnopqrstuv", "$argon2id$v=19$m=8,t=1,p=1$"}) {
        CHECK(function.verify(stored, "secret") == verify_result::unreadable);
        CHECK(function.is_stale(stored));
    }
    CHECK(function.verify(std::string(10'000, '$'), "secret") == verify_result::unreadable);
    auto const hash = function.make("secret");
    REQUIRE(hash);
    for (std::size_t size = 0; size < hash->size(); ++size) {
        CHECK(function.verify(hash->substr(0, size), "secret") == verify_result::unreadable);
    }
    CHECK(function.verify(*hash + "x", "secret") == verify_result::unreadable);
}

TEST_CASE("a hash is read from canonical base64 only")
{
    argon2id function{little, 1};
    auto const hash = function.make("secret");
    REQUIRE(hash);
    auto const salt = hash->find(",p=1$") + 5;
    auto const with = [&](std::size_t at, char letter) {
        auto changed = *hash;
        changed[at] = letter;
        return changed;
    };
    for (auto const at : {salt, salt + 21, salt + 23, hash->size() - 1}) {
        // Bytes that libsodium 1.0.18 reads as letters, too, and characters of other encodings.
        for (char const letter : {'\xbe', '\xbf', '\xc8', '\xff', '-', '_', '=', ' ', '\n', '\0', '$'}) {
            CHECK_FALSE(argon2id::is_readable(with(at, letter)));
            CHECK(function.verify(with(at, letter), "secret") == verify_result::unreadable);
        }
    }
    // The last letters stand for 4 bits and 2 that are 0.
    for (auto const at : {salt + 21, hash->size() - 1}) CHECK_FALSE(argon2id::is_readable(with(at, 'B')));
    auto padded = *hash;
    padded.replace(padded.find("m=8,"), 4, "m=08,");
    CHECK_FALSE(argon2id::is_readable(padded));
}

TEST_CASE("a hash whose cost is beyond the bounds is not computed")
{
    argon2id function{little, 1};
    auto const hash = function.make("secret");
    REQUIRE(hash);
    auto const with = [&](std::string const& parameters) {
        auto changed = *hash;
        return changed.replace(changed.find("m=8,t=1"), 7, parameters);
    };
    for (auto const* each : {"m=7,t=1", "m=8,t=0", "m=8,t=1001", "m=8,t=4000000", "m=4194305,t=2", "m=4194304,t=5",
                             "m=16778,t=1000", "m=4294967295,t=4294967295", "m=18446744073709551624,t=1"}) {
        CHECK(function.verify(with(each), "secret") == verify_result::unreadable);
        CHECK_FALSE(argon2id::is_readable(with(each)));
    }
    for (auto const* each : {"m=8,t=1", "m=8,t=1000", "m=4194304,t=4", "m=16777,t=1000"}) {
        CHECK(argon2id::is_readable(with(each)));
    }
}

TEST_CASE("without memory a hash fails and is neither match nor mismatch")
{
    constexpr std::size_t much = std::size_t{1024} * 1024 * 1024;
    argon2id function{much, 1};
    argon2id small{little, 1};
    auto hash = small.make("correct horse");
    REQUIRE(hash);
    hash->replace(hash->find("m=8,"), 4, "m=1048576,");
    memory_limit const limit{much / 4};
    CHECK_FALSE(function.make("correct horse"));
    CHECK(function.verify(*hash, "correct horse") == verify_result::failed);
}

TEST_CASE("parameters that Argon2id does not support throw at the start")
{
    CHECK_THROWS_AS((argon2id{1024, 1}), std::runtime_error);
    CHECK_THROWS_AS((argon2id{little, 0}), std::runtime_error);
    CHECK_THROWS_AS((argon2id{little, 1001}), std::runtime_error);
    CHECK_THROWS_AS((argon2id{std::size_t{4} << 30, 5}), std::runtime_error);
    CHECK_THROWS_AS((argon2id{(std::size_t{4} << 30) + 1024, 1}), std::runtime_error);
}
