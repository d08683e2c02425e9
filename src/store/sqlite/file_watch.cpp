#include "store/sqlite/file_watch.hpp"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>

namespace porter::rooms::store::sqlite {

file_watch::file_watch(std::filesystem::path const& file, log::logger& log) : file_(file), log_(log)
{
    for (std::size_t each = 0; each < suffixes.size(); ++each) {
        paths_[each] = file.string() + suffixes[each];
        opened_[each] = identity_of(paths_[each]);
    }
}

bool file_watch::is_lost()
{
    if (lost_) return true;
    for (std::size_t each = 0; each < suffixes.size(); ++each) {
        if (is_ours(each)) continue;
        if (lost_.exchange(true)) return true;
        auto const* const state = identity_of(paths_[each]) ? "replaced" : "removed";
        log_.error("database_lost", {{"file", paths_[each]}, {"state", state}});
        if (auto const aside = set_log_aside(); !aside.empty()) {
            log_.warn("database_log_set_aside", {{"file", aside}});
        }
        return true;
    }
    return false;
}

/// The new name; empty: it has to stay, or cannot be renamed, which the next start finds.
std::string file_watch::set_log_aside() const
{
    enum { database, log, index };
    if (is_ours(database) || !is_ours(log) || !opened_[log]) return {};
    auto const now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()).time_since_epoch();
    auto const name = paths_[log] + ".of-lost-database-" + std::to_string(now.count());
    if (::renameat2(AT_FDCWD, paths_[log].c_str(), AT_FDCWD, name.c_str(), RENAME_NOREPLACE) != 0) return {};
    if (is_ours(index)) ::unlink(paths_[index].c_str());  // it tells where in that log the pages are
    return name;
}

std::optional<file_watch::identity> file_watch::identity_of(std::string const& path)
{
    struct stat about {};
    if (::lstat(path.c_str(), &about) != 0) return std::nullopt;
    return identity{about.st_dev, about.st_ino};
}

}  // namespace porter::rooms::store::sqlite
