#pragma once

#include <string>
#include <string_view>

namespace porter::detail::monitoring {

/// The Content-Security-Policy of a page that holds its own styles and scripts: each may be used because its hash is
/// listed, so an element that a text has brought in is not. The page may ask its own server, and nothing else; it is
/// shown in no frame. An element is found by its tag without attributes: <style> or <script>.
std::string content_policy(std::string_view page);

}  // namespace porter::detail::monitoring
