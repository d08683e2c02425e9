#pragma once

#include <string>
#include <string_view>

namespace porter::detail::terminal {

/// A rule or a reason ("a password has at least 8 characters") as a sentence: with a capital letter and a full stop.
/// Control characters are escaped.
std::string sentence(std::string_view reason);

}  // namespace porter::detail::terminal
