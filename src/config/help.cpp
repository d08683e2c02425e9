#include <fmt/format.h>

#include "config/resolve.hpp"

namespace porter::detail::config {
namespace {

constexpr std::size_t indent = 30;
constexpr std::size_t width = 100;

constexpr std::string_view introduction =
    R"(usage: porterd [options]

Porter's server: knows visitors by their address, asks strangers who they are, checks passwords,
keeps sessions, and lets those it admitted talk. On a terminal it asks for the port.

options:
)";

constexpr std::string_view ending = R"(
Each option can also stand in the file (max-frame = "1MiB") or in the environment
(PORTERD_MAX_FRAME=1MiB; lists with commas). A flag beats the environment, that beats the file.
Times are integers with ms, s, m, h or d (bare: seconds), sizes with KiB, MiB or GiB.
SIGHUP reopens the log file, then takes the TLS key and certificate as they are on disk: those who
connect from then on get them. If they cannot be used the old ones stay, and the log says why.
SIGTERM and SIGINT stop the server, a second one at once.

examples:
  porterd                                  asks for the port, then serves this machine
  porterd --port 0 --port-file port        any free port, written to a file
  porterd --port 7678 --bind ::            serves other machines, over TLS
  porterd --config porterd.toml --check    is everything right?
)";

/// The meaning, broken between words and set in under the column of meanings.
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

/// The default in brackets, where it says more than the meaning does.
std::string default_of(option const& one)
{
    static porterd_options const defaults;
    bool const is_own = one.name == "threads" || one.name == "hash-threads" || one.name == "data-dir";
    auto const value = one.show(defaults);
    if (is_own || !value || one.form == form::flag) return "";
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
    text += ending;
    return text;
}

}  // namespace porter::detail::config
