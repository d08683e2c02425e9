#pragma once

#include <string>
#include <string_view>

#include "support/catch.hpp"
#include "support/test_client.hpp"

namespace porter::testing {

inline detail::protocol::text text_of(std::string_view body)
{
    detail::protocol::text text;
    text.body = body;
    return text;
}

/// Checks that the next reply is this text.
inline task<void> expect_text(test_client& client, std::string body)
{
    auto const text = co_await client.receive<detail::protocol::text>();
    CHECK(text.body == body);
}

}  // namespace porter::testing
