#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "programs/porterctl/record.hpp"

namespace porter::programs {

/// What the tool shows: tables on a terminal, tab-separated lines without one, JSON where it is wanted. Text of others
/// is escaped in each of them. Throws config::option_error(io) when standard output takes no more; that the reader went
/// away is no error.
class output {
public:
    explicit output(bool json);

    bool is_json() const noexcept { return form_ == form::json; }

    /// Things of one kind: a row each. `none` says on a terminal that there are none; there the members `dispensable`
    /// are left out, the first of them first, where it is too narrow for all.
    void list(std::vector<record> const& rows, std::string const& none, std::span<std::string_view const> dispensable);

    /// One thing: a line for each member, and for each item of a member that is a list.
    void show(record const& one);

    /// What was done: as JSON the thing itself, else a sentence, which goes to stderr where stdout is no terminal.
    void done(std::string const& sentence, record const& result);

    /// What a person should know besides: a line "note: ..." on stderr, whatever the form.
    void note(std::string const& line);

    /// Text as it is, for --help and --version.
    void text(std::string const& lines);

private:
    enum class form { table, tabs, json };

    void write(std::string const& text);

    form form_;
    bool bold_ = false;
};

}  // namespace porter::programs
