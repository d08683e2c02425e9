#pragma once

#include <stdexcept>
#include <string>

namespace porter::detail::store::sqlite {

/// A call of SQLite's that failed. Thrown by database, statement and transaction, and caught in this room: a thread of
/// the store answers `unavailable`, and open() says why the server cannot start. Only the administrator's tool, which
/// works on the file itself, sees it outside.
class error : public std::runtime_error {
public:
    /// `extended` is SQLite's extended result code.
    error(int extended, std::string const& message) : std::runtime_error(message), extended_(extended) {}

    int code() const noexcept { return extended_ & 0xff; }
    int extended_code() const noexcept { return extended_; }

    /// Others hold the lock for longer than we wait.
    bool is_busy() const noexcept;

    /// What the file holds is at fault, not the disk or the lock: trying again is of no use.
    bool is_bad_data() const noexcept;

    /// The statement's own data were refused (a constraint, a trigger): statements beside it can still succeed.
    bool is_rejection() const noexcept;

private:
    int extended_;
};

}  // namespace porter::detail::store::sqlite
