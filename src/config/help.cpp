#include <fmt/format.h>

#include "config/resolve.hpp"

namespace porter::detail::config {
namespace {

constexpr std::size_t indent = 30;
constexpr std::size_t width = 100;

constexpr std::string_view introduction =
    R"(usage: porterd [options]

The server of Porter: accounts, sessions and encryption in front of a TCP service. On a terminal it
prompts for the port.

options:
)";

constexpr std::string_view epilogue = R"(
Each option can also be set in a file (max-frame = "1MiB") or in the environment
(PORTERD_MAX_FRAME=1MiB; lists with commas). Flags override the environment, the environment
overrides the file.
Times are integers with ms, s, m, h or d (bare: seconds), sizes with KiB, MiB or GiB (bare: bytes).
SIGHUP reopens the log file, reads the configuration file again, and reloads the
TLS key and certificate for new connections. The log says what has changed, what needs a restart,
and what cannot be used and therefore stays as it is.
SIGTERM and SIGINT stop the server in order; a second one stops it at once.

examples:
  porterd                                  prompts for the port, then serves this machine
  porterd --port 0 --port-file port        any free port, written to a file
  porterd --port 7678 --bind ::            serves other machines, over TLS
  porterd --service chat --access open     a chat, without accounts
  porterd --service exec:'sort -n'         sorts the numbers of each client when its input ends
  porterd --service exec:./game.sh         runs a program for each client: lines in, lines out
  porterd --service forward:localhost:5432 puts accounts and TLS in front of a database
  porterd --config porterd.toml --check    checks the configuration
)";

/// Appends the meaning, wrapped and indented to its column.
void append_wrapped(std::string& text, std::string_view meaning)
{
    std::size_t column = indent;
    while (!meaning.empty()) {
        auto const word = meaning.substr(0, meaning.find(' '));
        if (column != indent && column + 1 + word.size() > width) {
            text.append(1, '\n').append(indent, ' ');
            column = indent;
        } else if (column != indent) {
            text += ' ';
            ++column;
        }
        text += word;
        column += word.size();
        meaning.remove_prefix(std::min(word.size() + 1, meaning.size()));
    }
    text += '\n';
}

void append_row(std::string& text, std::string_view names, std::string_view meaning)
{
    bool const fits = names.size() < indent;
    text += fits ? fmt::format("{:<{}}", names, indent) : fmt::format("{}\n{:{}}", names, "", indent);
    append_wrapped(text, meaning);
}

/// The default in parentheses, unless the meaning states it.
std::string default_of(option const& one)
{
    static porterd_options const defaults;
    bool const is_in_meaning = one.name == "threads" || one.name == "hash-threads" || one.name == "data-dir";
    auto const value = one.show(defaults);
    if (is_in_meaning || !value || one.form == form::flag) return "";
    std::string bare;
    for (char const letter : *value) {
        if (letter != '"' && letter != '[' && letter != ']') bare += letter;
    }
    return bare.empty() ? "" : fmt::format(" (default {})", bare);
}

}  // namespace

std::string help_text()
{
    std::string text{introduction};
    for (auto const& one : all_options()) {
        auto const letter = one.letter == 0 ? std::string{"    "} : fmt::format("-{}, ", one.letter);
        auto const names = fmt::format("  {}--{}{}{}", letter, one.name, one.argument.empty() ? "" : " ", one.argument);
        append_row(text, names, fmt::format("{}{}", one.meaning, default_of(one)));
    }
    append_row(text, "      --config FILE", "a TOML file with any of these options");
    append_row(text, "  -h, --help", "this text");
    append_row(text, "      --version", "the version");
    text += epilogue;
    return text;
}

}  // namespace porter::detail::config
