#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/text.hpp"
#include "config/option.hpp"
#include "config/resolve.hpp"

namespace porter::detail::config {
namespace {

/// The Levenshtein distance: how many letters must be added, removed or changed to turn one word into the other.
std::size_t distance(std::string_view a, std::string_view b)
{
    std::vector<std::size_t> costs(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) costs[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::size_t diagonal = std::exchange(costs[0], i);
        for (std::size_t j = 1; j <= b.size(); ++j) {
            auto const changed = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
            diagonal = costs[j];
            costs[j] = std::min({changed, costs[j] + 1, costs[j - 1] + 1});
        }
    }
    return costs.back();
}

/// "MAX_FRAME" is max-frame.
std::string as_option(std::string variable)
{
    std::ranges::replace(variable, '_', '-');
    return base::lower(std::move(variable));
}

}  // namespace

std::string nearest_word(std::string_view name, std::span<std::string_view const> known)
{
    constexpr std::size_t longest = 64;  // the time grows with the length, and no option is that long
    if (name.size() > longest || known.empty()) return "";
    auto const nearest = std::ranges::min_element(known, {}, [name](auto one) { return distance(one, name); });
    if (distance(*nearest, name) > 2 + nearest->size() / 5) return "";
    return std::string{*nearest};
}

std::string unknown_argument(std::string_view argument, std::span<std::string_view const> known)
{
    auto const shown = base::escape(argument);
    if (!argument.starts_with('-')) return fmt::format("unexpected argument \"{}\" (--help)", shown);
    std::vector<std::string_view> names;  // dashes would make short names similar
    for (auto const one : known) names.push_back(one.substr(one.find_first_not_of('-')));
    auto const name = argument.substr(0, argument.find('='));
    auto const nearest = nearest_word(name.substr(std::min(name.find_first_not_of('-'), name.size())), names);
    if (nearest.empty()) return fmt::format("unknown option {} (--help lists them)", shown);
    return fmt::format("unknown option {} (did you mean --{}?)", shown, nearest);
}

std::string did_you_mean(std::string_view name, std::string_view prefix)
{
    std::vector<std::string_view> known;
    for (auto const& one : all_options()) known.push_back(one.name);
    auto const nearest = nearest_word(name, known);
    return nearest.empty() ? "" : fmt::format(" (did you mean {}{}?)", prefix, nearest);
}

std::vector<std::string> misspelt_variables(environment const& variables)
{
    constexpr std::string_view prefix = "PORTERD_";
    std::vector<std::string_view> known{"config"};
    for (auto const& one : all_options()) known.push_back(one.name);
    std::vector<std::string> lines;
    for (auto const& [name, value] : variables.all()) {
        if (!name.starts_with(prefix)) continue;
        auto const nearest = nearest_word(as_option(name.substr(prefix.size())), known);
        if (nearest.empty() || variable_of(nearest) == name) continue;
        lines.push_back(fmt::format("unknown environment variable {} (did you mean {}?)", base::escape(name),
                                    variable_of(nearest)));
    }
    return lines;
}

}  // namespace porter::detail::config
