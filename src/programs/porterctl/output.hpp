#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/secret.hpp"
#include "programs/porterctl/record.hpp"

namespace porter::programs {

/// porterctl's standard output: tables on a terminal, tab-separated lines elsewhere, or JSON. Control characters are
/// escaped in each form, and so are bytes that are not UTF-8 (in JSON U+FFFD stands for them). Throws
/// config::option_error(io) when standard output cannot be written; a reader that has closed the pipe is no error.
class output {
public:
    explicit output(bool json);

    bool is_json() const noexcept { return form_ == form::json; }

    /// Whether standard input and output are a terminal that can be drawn on as a whole.
    bool has_screen() const noexcept;
    /// Whether bold type and colours are allowed there.
    bool has_styles() const noexcept { return bold_; }

    /// A table of objects. On a terminal `none` is printed if there are none, and the members `dispensable` are left
    /// out, in their order, if it is too narrow. After all rows are printed, a text that is not valid UTF-8 makes it
    /// throw config::option_error(bad_data), which names the row by its first member.
    void list(std::vector<record> const& rows, std::string const& none, std::span<std::string_view const> dispensable);

    /// Objects as lines of tab-separated values, on a terminal, too: for other programs to read. Throws as list() does.
    void lines(std::vector<record> const& rows);

    /// One object: a line for each member, and for each item of a member that is a list.
    void show(record const& object);

    /// The result of a change: as JSON the object, else the sentence, which goes to stderr if stdout is no terminal.
    void done(std::string const& sentence, record const& result);

    /// A code that is shown once: as JSON the object with a member "code", else the code alone on a line, and the
    /// sentence on stderr.
    void issue(detail::base::secret const& code, std::string const& sentence, record const& result);

    /// Prints a line "note: ..." on stderr, in every form.
    void note(std::string const& line);

    /// Prints text unchanged, for --help and --version.
    void text(std::string const& lines);

private:
    enum class form { table, tabs, json };

    void write(std::string const& text);

    form form_;
    bool bold_ = false;
};

}  // namespace porter::programs
