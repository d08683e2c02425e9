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

/// The options of every command.
constexpr std::array<std::string_view, 4> common{"data-dir", "database", "config", "json"};

/// The options with a value. Those that porterd has as well mean the same here.
constexpr std::array<std::string_view, 21> with_value{"access",
                                                      "data-dir",
                                                      "database",
                                                      "config",
                                                      "account",
                                                      "address",
                                                      "for",
                                                      "interval",
                                                      "name",
                                                      "reason",
                                                      "since",
                                                      "tls-key",
                                                      "password-file",
                                                      "min-password-length",
                                                      "password-list",
                                                      "hash-ops",
                                                      "session-idle-ttl",
                                                      "hash-memory",
                                                      "max-registrations-per-address",
                                                      "to",
                                                      "uses"};

using added_options = std::map<std::string_view, CLI::Option const*>;

[[noreturn]] void usage_error(std::string const& line)
{
    throw config::option_error(config::exit_code::usage, line);
}

std::string suggestion(std::string_view word, std::vector<std::string_view> const& known)
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

/// Removes the command's name from the words.
command const& take_command(std::vector<std::string>& words)
{
    if (words.empty()) usage_error(fmt::format("a command is missing: {} (--help)", fmt::join(nouns(), ", ")));
    auto const known = commands_of(words[0]);
    if (known.empty()) {
        usage_error(fmt::format("\"{}\" is not one of {}{}", base::escape(words[0]), fmt::join(nouns(), ", "),
                                suggestion(words[0], nouns())));
    }
    std::size_t const length = known.front()->verb.empty() ? 1 : 2;
    std::vector<std::string_view> verbs;
    for (auto const* one : known) verbs.push_back(one->verb);
    auto const listed = fmt::format("{}", fmt::join(verbs, ", "));
    if (words.size() < length) usage_error(fmt::format("a command is missing after {}: {}", words[0], listed));
    auto const found = length == 1
                           ? known.begin()
                           : std::ranges::find_if(known, [&](auto const* one) { return one->verb == words[1]; });
    if (found == known.end()) {
        usage_error(fmt::format("\"{}\" is no command of {}: {}{}", base::escape(words[1]), words[0], listed,
                                suggestion(words[1], verbs)));
    }
    words.erase(words.begin(), words.begin() + static_cast<std::ptrdiff_t>(length));
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

void reject_foreign_option(command const& entry, std::string_view name)
{
    bool const is_common = std::ranges::find(common, name) != common.end();
    bool const is_own = fmt::format(" {} ", entry.options).find(fmt::format(" {} ", name)) != std::string::npos;
    if (!is_common && !is_own) usage_error(fmt::format("{} takes no --{} (--help)", name_of(entry), name));
}

[[noreturn]] void reject_unknown(std::string const& argument, added_options const& known)
{
    std::vector<std::string> names;
    for (auto const& [name, option] : known) names.push_back("--" + std::string{name});
    usage_error(config::unknown_argument(argument, std::vector<std::string_view>{names.begin(), names.end()}));
}

/// The words among the arguments that CLI11 left: it would split "[a,b]" if it parsed them itself.
std::vector<std::string> words_of(std::vector<std::string> const& rest, added_options const& known)
{
    std::vector<std::string> words;
    bool options_allowed = true;  // until "--"
    for (auto const& one : rest) {
        if (options_allowed && one == "--") {
            options_allowed = false;
        } else if (options_allowed && one.starts_with('-') && one != "-") {
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
    invocation parsed;
    std::map<std::string_view, std::string> texts;
    bool help = false;
    CLI::App app;
    app.set_help_flag();
    app.allow_extras();  // words, and options that are rejected below with our own messages
    added_options added;
    added["help"] = app.add_flag("-h,--help", help);
    added["version"] = app.add_flag("--version", parsed.version);
    added["json"] = app.add_flag("--json", parsed.json);
    added["yes"] = app.add_flag("--yes", parsed.yes);
    added["dry-run"] = app.add_flag("--dry-run", parsed.dry_run);
    added["with-password-hashes"] = app.add_flag("--with-password-hashes", parsed.with_password_hashes);
    added["remove"] = app.add_flag("--remove", parsed.remove);
    added["silent"] = app.add_flag("--silent", parsed.silent);
    for (auto const name : with_value) {
        added[name] = app.add_option("--" + std::string{name}, texts[name])->allow_extra_args(false);
    }
    std::ranges::reverse(arguments);  // CLI11 expects a vector in this order
    try {
        app.parse(std::move(arguments));
    } catch (CLI::ParseError const& error) {
        usage_error(base::escape(error.what()) + " (--help)");
    }
    auto words = words_of(app.remaining(), added);
    if (help) parsed.help = help_for(words);
    if (help || parsed.version) return parsed;

    parsed.command = &take_command(words);
    for (auto const& [name, option] : added) {
        if (option->count() > 0) reject_foreign_option(*parsed.command, name);
    }
    if (words.size() < parsed.command->min_arguments || words.size() > parsed.command->max_arguments)
        usage_error(usage_of(*parsed.command));
    parsed.arguments = std::move(words);
    parsed.account = texts["account"];
    parsed.address = texts["address"];
    parsed.to = texts["to"];
    if (added["since"]->count() > 0) parsed.since = texts["since"];
    if (added["for"]->count() > 0) parsed.duration = texts["for"];
    if (added["interval"]->count() > 0) parsed.interval = texts["interval"];
    if (added["uses"]->count() > 0) parsed.uses = texts["uses"];
    if (added["name"]->count() > 0) parsed.name = texts["name"];
    if (added["reason"]->count() > 0) parsed.reason = texts["reason"];
    parsed.tls_key = texts["tls-key"];
    parsed.password_file = texts["password-file"];
    if (added["config"]->count() > 0) parsed.configuration.config_file = texts["config"];
    for (auto const name : with_value) {
        if (name == "tls-key") continue;  // porterd requires the certificate with it
        auto const* const porterd_option = config::find_option(name);
        if (porterd_option == nullptr || added[name]->count() == 0) continue;
        parsed.configuration.settings.push_back(
            {porterd_option, {texts[name]}, {config::origin::source::flag, fmt::format("--{}", name)}});
    }
    return parsed;
}

}  // namespace porter::programs
