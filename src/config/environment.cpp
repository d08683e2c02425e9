#include "config/environment.hpp"

#include <unistd.h>

#include <string_view>

namespace porter::detail::config {

environment environment::of_process()
{
    environment found;
    for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
        std::string_view const text{*entry};
        auto const equals = text.find('=');
        if (equals == std::string_view::npos) continue;
        found.variables_.emplace(text.substr(0, equals), text.substr(equals + 1));
    }
    return found;
}

std::optional<std::string> environment::find(std::string const& name) const
{
    auto const found = variables_.find(name);
    if (found == variables_.end() || found->second.empty()) return std::nullopt;
    return found->second;
}

}  // namespace porter::detail::config
