#include "programs/porterctl/cells.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <chrono>
#include <string_view>

#include "terminal/progress_bar.hpp"

namespace porter::programs {

namespace {

namespace base = detail::base;

template <typename... Lambdas>
struct one_for_each : Lambdas... {
    using Lambdas::operator()...;
};
template <typename... Lambdas>
one_for_each(Lambdas...) -> one_for_each<Lambdas...>;

std::string moment(base::timestamp when, wording how, base::timestamp now)
{
    constexpr std::chrono::days half_a_year{182};
    auto const utc = fmt::gmtime(std::chrono::system_clock::to_time_t(when));
    switch (how) {
        case wording::exact:
            return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", utc);
        case wording::full:
            return fmt::format("{:%Y-%m-%d %H:%M:%S}", utc);
        case wording::minutes:
            return fmt::format("{:%Y-%m-%d %H:%M}", utc);
        case wording::brief:
            break;
    }
    bool const is_near = std::chrono::abs(when - now) < half_a_year;
    return is_near ? fmt::format("{:%m-%d %H:%M}", utc) : fmt::format("{:%Y-%m-%d}", utc);
}

}  // namespace

std::string exact_moment(base::timestamp when)
{
    return moment(when, wording::exact, {});
}

std::string cell_of(value const& some, wording how, base::timestamp now)
{
    bool const for_people = how != wording::exact;
    return std::visit(
        one_for_each{[&](std::monostate) { return std::string{for_people ? "-" : ""}; },
                     [](bool yes) { return std::string{yes ? "yes" : "no"}; },
                     [](std::int64_t number) { return std::to_string(number); },
                     [&](std::string const& text) { return text.empty() && for_people ? std::string{"-"} : text; },
                     [&](base::timestamp when) { return moment(when, how, now); },
                     [&](size_in_bytes size) {
                         return for_people ? detail::terminal::rounded_size(size.bytes) : std::to_string(size.bytes);
                     },
                     [](auto const& list) { return std::to_string(list.size()); }},
        some);
}

std::vector<std::string> cells_of(record const& one, wording how, base::timestamp now)
{
    std::vector<std::string> cells;
    for (auto const& field : one.fields) cells.push_back(cell_of(field.is, how, now));
    return cells;
}

std::string title_of(std::string name, bool capitals)
{
    constexpr std::string_view moment = "_at";
    bool const is_moment = name.ends_with(moment);
    if (is_moment) name.resize(name.size() - moment.size());
    for (auto& letter : name) {
        if (letter == '_') letter = ' ';
        if (capitals && letter >= 'a' && letter <= 'z') letter = static_cast<char>(letter - 'a' + 'A');
    }
    return is_moment ? name + " (UTC)" : name;
}

}  // namespace porter::programs
