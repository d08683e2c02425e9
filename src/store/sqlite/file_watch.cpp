#include "store/sqlite/file_watch.hpp"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <chrono>
#include <limits>

namespace porter::detail::store::sqlite {

namespace {

constexpr std::size_t time_digits = std::numeric_limits<std::int64_t>::digits10 + 2;  // with a sign

}  // namespace

file_watch::file_watch(std::filesystem::path const& file, log::logger& log) : file_(file), log_(log)
{
    for (std::size_t each = 0; each < suffixes.size(); ++each) {
        paths_[each] = file.string() + suffixes[each];
        opened_[each] = identity_of(paths_[each]);
    }
    name_aside_ = paths_[of_log] + ".of-lost-database-";
    name_aside_.reserve(name_aside_.size() + time_digits);
}

bool file_watch::detect_loss()
{
    if (lost_ != loss::none) return true;
    for (std::size_t each = 0; each < suffixes.size(); ++each) {
        if (is_ours(each)) continue;
        if (!set_lost(loss::file)) return true;
        log_.error("database_lost", {{"file", paths_[each]}, {"state", is_gone(each) ? "removed" : "replaced"}});
        return true;
    }
    return false;
}

void file_watch::mark_wrong_version(std::int64_t found_version, std::int64_t own_version)
{
    found_version_ = found_version;
    own_version_ = own_version;
    bool const is_newer = found_version > own_version;
    if (!set_lost(is_newer ? loss::newer : loss::older)) return;
    log_.error("database_lost", {{"file", paths_[of_database]}, {"state", is_newer ? "newer" : "older"}});
}

std::string file_watch::reason() const
{
    auto const kind = lost_.load();
    if (kind != loss::newer && kind != loss::older) {
        return "the database's files were removed or replaced while the server ran";
    }
    return std::string{"the database has "} + (kind == loss::newer ? "a newer" : "an older") +
           " schema than this program: version " + std::to_string(found_version_) + ", not " +
           std::to_string(own_version_);
}

/// False: the loss was recorded before.
bool file_watch::set_lost(loss kind)
{
    auto none = loss::none;
    return lost_.compare_exchange_strong(none, kind);
}

bool file_watch::has_own_log() const
{
    return is_ours(of_index) && (is_ours(of_log) || is_gone(of_log));
}

void file_watch::clear_away(bool is_empty)
{
    if (is_ours(of_database) || !is_ours(of_log)) return;
    if (is_empty) {
        ::unlink(paths_[of_log].c_str());
    } else {
        auto const now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()).time_since_epoch();
        std::array<char, time_digits> digits{};
        auto const* const end = std::to_chars(digits.data(), digits.data() + digits.size(), now.count()).ptr;
        name_aside_.append(digits.data(), static_cast<std::size_t>(end - digits.data()));
        auto const* const name = name_aside_.c_str();
        if (::renameat2(AT_FDCWD, paths_[of_log].c_str(), AT_FDCWD, name, RENAME_NOREPLACE) != 0) return;
        log_.warn("database_log_set_aside", {{"file", name_aside_}});
    }
    if (is_ours(of_index)) ::unlink(paths_[of_index].c_str());  // the index of that log
}

bool file_watch::is_gone(std::size_t each) const
{
    struct stat about{};
    return ::lstat(paths_[each].c_str(), &about) != 0 && (errno == ENOENT || errno == ENOTDIR);
}

bool file_watch::is_ours(std::size_t each) const
{
    struct stat about{};
    if (::lstat(paths_[each].c_str(), &about) != 0) return errno != ENOENT && errno != ENOTDIR;
    return opened_[each] == identity{about.st_dev, about.st_ino};
}

std::optional<file_watch::identity> file_watch::identity_of(std::string const& path)
{
    struct stat about{};
    if (::lstat(path.c_str(), &about) != 0) return std::nullopt;
    return identity{about.st_dev, about.st_ino};
}

}  // namespace porter::detail::store::sqlite
