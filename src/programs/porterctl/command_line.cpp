#include "programs/porterctl/command_line.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "base/text.hpp"
#include "config/option.hpp"
#include "config/option_error.hpp"
#include "programs/porterctl/help.hpp"

namespace porter::programs {

namespace {

namespace base = detail::base;
namespace config = detail::config;

/// What every command takes.
constexpr std::array<std::string_view, 4> common{"data-dir", "database", "config", "json"};

/// The options with a value. Those that porterd has, too, mean the same here.
constexpr std::array<std::string_view, 12> with_value{"access",
                                                      "data-dir",
                                                      "database",
                                                      "config",
                                                      "account",
                                                      "password-file",
                                                      "min-password-length",
                                                      "password-list",
                                                      "hash-ops",
                                                      "session-idle-ttl",
                                                      "hash-memory",
                                                      "max-registrations-per-address"};

using added_options = std::map<std::string_view, CLI::Option const*>;

[[noreturn]] void usage_error(std::string const& line)
{
    throw config::option_error(config::exit_code::usage, line);
}

std::string meant(std::string_view word, std::vector<std::string_view> const& known)
{
    auto const nearest = config::nearest_word(word, known);
    return nearest.empty() ? "" : fmt::format(" (did you mean {}?)", nearest);
}

std::vector<std::string_view> nouns()
{
    std::vector<std::string_view> all;
    for (auto const* one : all_commands()) {
        if (all.empty() || all.back() != one->noun) all.push_back(one->noun);
    }
    return all;
}

std::vector<command const*> commands_of(std::string_view noun)
{
    auto all = all_commands();
    std::erase_if(all, [noun](auto const* one) { return one->noun != noun; });
    return all;
}

/// The command that the words begin with, which are taken away.
command const& find_command(std::vector<std::string>& words)
{
    if (words.empty()) usage_error(fmt::format("a command is missing: {} (--help)", fmt::join(nouns(), ", ")));
    auto const known = commands_of(words[0]);
    if (known.empty()) {
        usage_error(fmt::format("\"{}\" is none of {}{}", base::escape(words[0]), fmt::join(nouns(), ", "),
                                meant(words[0], nouns())));
    }
    std::size_t const taken = known.front()->verb.empty() ? 1 : 2;
    std::vector<std::string_view> verbs;
    for (auto const* one : known) verbs.push_back(one->verb);
    auto const listed = fmt::format("{}", fmt::join(verbs, ", "));
    if (words.size() < taken) usage_error(fmt::format("what to do with {} is missing: {}", words[0], listed));
    auto const found = taken == 1 ? known.begin()
                                  : std::ranges::find_if(known, [&](auto const* one) { return one->verb == words[1]; });
    if (found == known.end()) {
        usage_error(fmt::format("\"{}\" is not what {} can do: {}{}", base::escape(words[1]), words[0], listed,
                                meant(words[1], verbs)));
    }
    words.erase(words.begin(), words.begin() + static_cast<std::ptrdiff_t>(taken));
    return **found;
}

std::string help_for(std::vector<std::string> words)
{
    auto const known = words.empty() ? std::vector<command const*>{} : commands_of(words[0]);
    if (known.empty()) return help_of_all();
    if (known.front()->verb.empty()) return help_of(*known.front());
    auto const found =
        std::ranges::find_if(known, [&](auto* one) { return words.size() > 1 && one->verb == words[1]; });
    return found == known.end() ? help_of_noun(words[0]) : help_of(**found);
}

void reject_foreign_option(command const& what, std::string_view name)
{
    bool const is_common = std::ranges::find(common, name) != common.end();
    bool const is_own = fmt::format(" {} ", what.options).find(fmt::format(" {} ", name)) != std::string::npos;
    if (!is_common && !is_own) usage_error(fmt::format("{} takes no --{} (--help)", name_of(what), name));
}

[[noreturn]] void reject_unknown(std::string const& argument, added_options const& known)
{
    std::vector<std::string> names;
    for (auto const& [name, option] : known) names.push_back("--" + std::string{name});
    usage_error(config::unknown_argument(argument, std::vector<std::string_view>{names.begin(), names.end()}));
}

/// What is no option: CLI11 would take "[a,b]" for two words if it were asked for them.
std::vector<std::string> words_among(std::vector<std::string> const& rest, added_options const& known)
{
    std::vector<std::string> words;
    bool any = true;  // until a "--" says that only words follow
    for (auto const& one : rest) {
        if (any && one == "--") {
            any = false;
        } else if (any && one.starts_with('-')) {
            reject_unknown(one, known);
        } else {
            words.push_back(one);
        }
    }
    return words;
}

}  // namespace

invocation parse_porterctl(std::vector<std::string> arguments)
{
    invocation read;
    std::map<std::string_view, std::string> texts;
    bool help = false;
    CLI::App app;
    app.set_help_flag();
    app.allow_extras();  // the words, and what is refused below in words of our own
    added_options added;
    added["help"] = app.add_flag("-h,--help", help);
    added["version"] = app.add_flag("--version", read.version);
    added["json"] = app.add_flag("--json", read.json);
    added["yes"] = app.add_flag("--yes", read.yes);
    for (auto const name : with_value) {
        added[name] = app.add_option("--" + std::string{name}, texts[name])->allow_extra_args(false);
    }
    std::ranges::reverse(arguments);  // the order that CLI11 takes a vector in
    try {
        app.parse(std::move(arguments));
    } catch (CLI::ParseError const& error) {
        usage_error(base::escape(error.what()) + " (--help)");
    }
    auto words = words_among(app.remaining(), added);
    if (help) read.help = help_for(words);
    if (help || read.version) return read;

    read.what = &find_command(words);
    for (auto const& [name, option] : added) {
        if (option->count() > 0) reject_foreign_option(*read.what, name);
    }
    if (words.size() < read.what->least || words.size() > read.what->most) usage_error(usage_of(*read.what));
    read.arguments = std::move(words);
    read.account = texts["account"];
    read.password_file = texts["password-file"];
    if (added["config"]->count() > 0) read.configuration.config_file = texts["config"];
    for (auto const name : with_value) {
        auto const* const of_porterd = config::find_option(name);
        if (of_porterd == nullptr || added[name]->count() == 0) continue;
        read.configuration.settings.push_back(
            {of_porterd, {texts[name]}, {config::origin::source::flag, fmt::format("--{}", name)}});
    }
    return read;
}

}  // namespace porter::programs
