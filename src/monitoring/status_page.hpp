#pragma once

#include <string_view>

namespace porter::detail::monitoring {

/// The page that shows /status.json to a person: status_page.html, which the build embeds.
std::string_view status_page() noexcept;

}  // namespace porter::detail::monitoring
