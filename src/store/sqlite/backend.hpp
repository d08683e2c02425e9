#pragma once

#include <filesystem>
#include <memory>

#include "log/logger.hpp"
#include "store/ports.hpp"
#include "store/sqlite/options.hpp"

namespace porter::detail::store::sqlite {

/// A store in one SQLite file: a thread that writes, a thread that looks up. Failures of the database while it runs
/// answer `unavailable`, are logged as `store_failed` at most once a second, and pass when their cause does.
///
/// It is destroyed after every task that uses it has ended, and before the io_contexts on which they ran; that finishes
/// what is queued and leaves everything in the one file.
class backend {
public:
    backend(options const& rules, log::logger& log);
    ~backend();
    backend(backend const&) = delete;
    backend& operator=(backend const&) = delete;

    store::ports ports() noexcept;

private:
    struct parts;
    std::unique_ptr<parts> parts_;
};

/// Opens the database file; makes it (mode 0600) when there is none, migrates it when it is older. `log` outlives the
/// store. Throws start_error: cannot_create; bad_data when the file is damaged, another program's or newer, and then
/// it is left as it was; io when it cannot be read or written, or is locked for longer than rules.busy_timeout.
std::unique_ptr<backend> open(options const& rules, log::logger& log);

/// Whether open() would succeed, without changing or making a file. `planned`: a folder that the start
/// creates first; empty: none. Throws start_error like open().
void check(options const& rules, std::filesystem::path const& planned);

}  // namespace porter::detail::store::sqlite
