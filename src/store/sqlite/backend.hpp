#pragma once

#include <filesystem>
#include <memory>

#include "log/logger.hpp"
#include "store/ports.hpp"
#include "store/sqlite/options.hpp"
#include "store/statistics.hpp"

namespace porter::detail::store::sqlite {

/// A store in one SQLite file, with one thread that writes and one that reads. Errors of the database make operations
/// `unavailable` and are logged as `store_failed`, at most once a second.
///
/// Destroy it after every task that uses it has ended, and before the io_contexts on which they ran. The destructor
/// completes the queued operations and leaves all data in the one file.
class backend {
public:
    backend(options const& options, log::logger& log);
    ~backend();
    backend(backend const&) = delete;
    backend& operator=(backend const&) = delete;

    store::ports ports() noexcept;
    store::statistics const& statistics() const noexcept;

private:
    struct parts;
    std::unique_ptr<parts> parts_;
};

/// Opens the database file; creates it (mode 0600) when there is none, migrates it when it is older. `log` outlives the
/// store. Throws start_error: cannot_create; bad_data when the file is damaged, another program's or newer, and then it
/// is not changed; io when it cannot be read or written, or is locked for longer than options.start_timeout.
std::unique_ptr<backend> open(options const& options, log::logger& log);

/// Checks that open() would succeed, and changes and creates nothing. `planned`: a folder that the start creates first;
/// empty: none. Throws start_error like open().
void check(options const& options, std::filesystem::path const& planned);

}  // namespace porter::detail::store::sqlite
