#pragma once

#include <stdexcept>
#include <string>

namespace porter::detail::store::sqlite {

/// An error of SQLite. Thrown by database, statement and transaction, and caught in this module: an operation is then
/// `unavailable`, and open() throws a start_error. The module of administration makes an administration_error of it.
class error : public std::runtime_error {
public:
    /// `extended` is SQLite's extended result code.
    error(int extended, std::string const& message) : std::runtime_error(message), extended_(extended) {}

    int code() const noexcept { return extended_ & 0xff; }
    int extended_code() const noexcept { return extended_; }

    /// Another connection held a lock for longer than wait_for_locks() allows.
    bool is_busy() const noexcept;

    /// The content of the file is at fault, not the disk or a lock: a retry does not help.
    bool is_bad_data() const noexcept;

    /// The data of the statement were rejected (a constraint, a trigger): other statements can still succeed.
    bool is_rejection() const noexcept;

private:
    int extended_;
};

}  // namespace porter::detail::store::sqlite
