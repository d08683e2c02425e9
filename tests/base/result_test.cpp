#include "porter/result.hpp"

#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>
#include <asio/use_future.hpp>
#include <memory>
#include <string>

#include "porter/task.hpp"
#include "support/catch.hpp"

using porter::bad_result_access;
using porter::code;
using porter::error;
using porter::result;
using porter::unexpected;

namespace {

result<int> half(int number)
{
    if (number % 2 != 0) return unexpected(error{code::not_found, "odd"});
    return number / 2;
}

/// What callers cannot default-construct, such as a client.
struct resource {
    explicit resource(int value_) : value(std::make_unique<int>(value_)) {}
    std::unique_ptr<int> value;
};

porter::task<result<resource>> open_resource(bool fail)
{
    if (fail) throw std::runtime_error{"the coroutine threw"};
    co_return resource{7};
}

}  // namespace

TEST_CASE("a result has a value or an error")
{
    auto const value = half(4);
    REQUIRE(value);
    CHECK(*value == 2);
    CHECK(value.value() == 2);
    CHECK(value.value_or(9) == 2);
    auto const failed = half(3);
    REQUIRE_FALSE(failed);
    CHECK(failed.error().code == code::not_found);
    CHECK(failed.value_or(9) == 9);
}

TEST_CASE("reading what a result does not have throws in every build")
{
    auto const value = half(4);
    CHECK_THROWS_AS(value.error(), bad_result_access);
    auto const failed = half(3);
    CHECK_THROWS_AS(*failed, bad_result_access);
    CHECK_THROWS_AS(failed.value(), bad_result_access);
    result<std::string> const text = unexpected(error{code::busy, ""});
    CHECK_THROWS_AS(text->size(), bad_result_access);
    result<void> const done;
    CHECK_NOTHROW(done.value());
    CHECK_THROWS_AS(done.error(), bad_result_access);
    result<void> const denied = unexpected(error{code::busy, ""});
    CHECK_THROWS_AS(denied.value(), bad_result_access);
}

TEST_CASE("and_then goes on with a value and passes an error on")
{
    CHECK(*half(8).and_then(half) == 2);
    CHECK(half(6).and_then(half).error().code == code::not_found);
    CHECK(half(3).and_then(half).error().reason == "odd");
    auto const to_text = [](int number) -> result<std::string> { return std::to_string(number); };
    CHECK(*half(4).and_then(to_text) == "2");
    result<void> const done;
    CHECK(*done.and_then([] { return half(4); }) == 2);
    result<void> const denied = unexpected(error{code::busy, ""});
    CHECK(denied.and_then([] { return half(4); }).error().code == code::busy);
}

TEST_CASE("a result moves its value out")
{
    result<std::unique_ptr<int>> made = std::make_unique<int>(5);
    auto const taken = *std::move(made);
    CHECK(*taken == 5);
    result<std::unique_ptr<int>> none = unexpected(error{code::busy, ""});
    CHECK(*std::move(none).value_or(std::make_unique<int>(6)) == 6);
}

TEST_CASE("a default-constructed result has an error unless it has no value")
{
    CHECK_FALSE(result<int>{});
    CHECK_FALSE(result<resource>{});
    CHECK(result<void>{});
}

TEST_CASE("a coroutine that returns a result can be awaited by a future")
{
    asio::io_context io;
    auto opened = asio::co_spawn(io, open_resource(false), asio::use_future);
    auto failed = asio::co_spawn(io, open_resource(true), asio::use_future);
    io.run();
    auto const got = opened.get();
    REQUIRE(got);
    CHECK(*got->value == 7);
    CHECK_THROWS_AS(failed.get(), std::runtime_error);
}
