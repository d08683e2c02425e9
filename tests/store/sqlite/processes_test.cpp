// Promises S1 and S6 of SECURITY.md.
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <vector>

#include "store/sqlite/database_fixture.hpp"

using namespace porter::testing;

namespace {

/// Waits for the end of the pipe, opens the store and registers an account. Does not return.
[[noreturn]] void child(database_fixture& fixture, std::array<int, 2> const& start, int number)
{
    ::close(start[1]);
    char nothing = 0;
    auto const ended = ::read(start[0], &nothing, 1);
    bool good = ended == 0;
    try {
        fixture.open();
        good = good && fixture.register_account("account" + std::to_string(number), number).has_value();
        fixture.close();
    } catch (std::exception const& refused) {
        std::fprintf(stderr, "%s\n", refused.what());
        good = false;
    }
    ::_exit(good ? 0 : 1);
}

}  // namespace

TEST_CASE("programs that start at once on a new database do not interfere")
{
    constexpr int programs = 4;
    for (int round = 0; round < 5; ++round) {
        database_fixture fixture;
        std::array<int, 2> start{};
        REQUIRE(::pipe(start.data()) == 0);
        std::vector<pid_t> children;
        for (int number = 0; number < programs; ++number) {
            auto const pid = ::fork();
            REQUIRE(pid >= 0);
            if (pid == 0) child(fixture, start, number);
            children.push_back(pid);
        }
        ::close(start[0]);
        ::close(start[1]);
        for (auto const pid : children) {
            int status = 0;
            ::waitpid(pid, &status, 0);
            CHECK(status == 0);
        }
        CHECK(fixture.administrator().run("SELECT count(*) FROM accounts") == std::to_string(programs));
        CHECK(fixture.administrator().run("SELECT count(*) = max(version) FROM schema_migrations") == "1");
        CHECK(fixture.administrator().run("PRAGMA integrity_check") == "ok");
    }
}

TEST_CASE("a program that is killed loses no acknowledged write")
{
    database_fixture fixture;
    std::array<int, 2> acknowledged{};
    REQUIRE(::pipe(acknowledged.data()) == 0);
    auto const pid = ::fork();
    REQUIRE(pid >= 0);
    if (pid == 0) {
        fixture.open();
        for (int number = 0;; ++number) {
            if (!fixture.register_account("account" + std::to_string(number), number)) ::_exit(1);
            if (::write(acknowledged[1], "x", 1) != 1) ::_exit(1);
        }
    }
    ::close(acknowledged[1]);
    std::array<char, 30> some{};
    std::size_t count = 0;
    while (count < some.size()) {
        auto const got = ::read(acknowledged[0], some.data(), some.size() - count);
        REQUIRE(got > 0);
        count += static_cast<std::size_t>(got);
    }
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
    for (ssize_t got = 1; got > 0; count += static_cast<std::size_t>(got)) {
        got = ::read(acknowledged[0], some.data(), some.size());
        REQUIRE(got >= 0);
    }
    ::close(acknowledged[0]);

    CHECK_FALSE(fixture.check());
    auto const ports = fixture.open();
    for (std::size_t number = 0; number < count; ++number) {
        auto const found = fixture.run(ports.accounts.find("account" + std::to_string(number)));
        REQUIRE(found);
        CHECK(found->has_value());
    }
}
