#include "store/sqlite/file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstdint>
#include <span>
#include <system_error>

#include "base/file.hpp"
#include "base/writable_folder.hpp"
#include "store/sqlite/database.hpp"

namespace porter::detail::store::sqlite {

namespace {

start_error cannot_create(std::filesystem::path const& path, int error)
{
    return {start_errc::cannot_create, "cannot create " + path.string() + ": " + base::system_message(error)};
}

void sync(std::filesystem::path const& path, int flags)
{
    base::unique_fd const opened{::open(path.c_str(), O_RDONLY | O_CLOEXEC | flags)};
    if (!opened || ::fsync(opened.get()) != 0) {
        throw start_error{start_errc::io, "cannot write " + path.string() + ": " + base::system_message()};
    }
}

// The header of an SQLite file: https://www.sqlite.org/fileformat2.html, 1.3.
constexpr std::size_t page_size_at = 16;  // two bytes; 1 stands for 65,536
constexpr std::size_t change_counter_at = 24;
constexpr std::size_t page_count_at = 28;
constexpr std::size_t user_version_at = 60;
constexpr std::size_t counted_for_at = 92;  // the page count is valid if this is the change counter
constexpr std::size_t application_id_at = 68;
constexpr std::array<unsigned char, 16> magic{'S', 'Q', 'L', 'i', 't', 'e', ' ', 'f',
                                              'o', 'r', 'm', 'a', 't', ' ', '3', 0};

/// A user with write access could log in to any account, so an administrator must decide. A link would lead SQLite to
/// another file.
void reject_unsafe(std::filesystem::path const& path, struct stat const& about)
{
    if (S_ISLNK(about.st_mode)) throw cannot_open(start_errc::configuration, path, "it is a symbolic link");
    if (auto const reason = base::permission_error(about)) {
        throw cannot_open(start_errc::configuration, path, std::string{*reason} + base::advice_for_root(about));
    }
}

std::int64_t big_endian(database::beginning const& bytes, std::size_t at)
{
    return (std::int64_t{bytes[at]} << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3];
}

bool has_content(std::filesystem::path const& path)
{
    struct stat about{};
    return ::lstat(path.c_str(), &about) == 0 && about.st_size > 0;
}

/// Whether the file is shorter than its header says. It may be while a log beside it is not checkpointed.
bool is_cut_off(std::filesystem::path const& path, database::beginning const& bytes, std::int64_t size)
{
    if (has_content(path.string() + "-wal") || has_content(path.string() + "-journal")) return false;
    if (big_endian(bytes, change_counter_at) != big_endian(bytes, counted_for_at)) return false;
    std::int64_t const written = bytes[page_size_at] << 8 | bytes[page_size_at + 1];
    auto const page_size = written == 1 ? std::int64_t{65'536} : written;
    return size < page_size * big_endian(bytes, page_count_at);
}

}  // namespace

void reject_unusable_name(std::filesystem::path const& path)
{
    std::error_code unknown;
    auto const whole = std::filesystem::absolute(path, unknown);
    constexpr std::size_t longest_suffix = 8;  // "-journal"
    constexpr std::size_t longest_path = 512;  // of SQLite on unix, with the zero at its end
    bool const fits = path.filename().native().size() + longest_suffix <= NAME_MAX &&
                      whole.native().size() + longest_suffix < longest_path;
    if (!fits) throw cannot_create(path, ENAMETOOLONG);
}

bool exists_or_can_be_made(std::filesystem::path const& path, std::filesystem::path const& planned)
{
    if (!path.has_filename()) throw cannot_create(path, EISDIR);
    struct stat about{};
    bool const exists = ::lstat(path.c_str(), &about) == 0;
    if (!exists && errno != ENOENT) throw cannot_create(path, errno);
    int const error = base::error_of_creating(path, planned);
    if (error == 0) return exists;
    if (!exists) throw cannot_create(path, error);
    throw cannot_open(start_errc::io, path, "no file can be made beside it: " + base::system_message(error));
}

void reject_wrong_companions(std::filesystem::path const& path)
{
    for (auto const* beside : {"-wal", "-shm", "-journal"}) {
        auto const companion = path.string() + beside;
        struct stat about{};
        if (::lstat(companion.c_str(), &about) != 0) continue;
        reject_unsafe(companion, about);
        if (!S_ISREG(about.st_mode)) throw cannot_open(start_errc::io, companion, "it is not a file");
    }
}

bool make_private_file(std::filesystem::path const& path)
{
    base::unique_fd const file{::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600)};
    if (!file && errno == EEXIST) return false;
    if (!file || ::fchmod(file.get(), 0600) != 0) throw cannot_create(path, errno);
    return true;
}

bool make_private(std::filesystem::path const& path)
{
    base::unique_fd const opened{::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC)};
    struct stat about{};
    if (!opened || ::fstat(opened.get(), &about) != 0 || (about.st_mode & 0077) == 0) return false;
    return ::fchmod(opened.get(), about.st_mode & 0700) == 0;
}

void sync_to_disk(std::filesystem::path const& path)
{
    sync(path, 0);
    sync_folder_of(path);
}

void sync_folder_of(std::filesystem::path const& path)
{
    sync(base::folder_of(path), O_DIRECTORY);
}

void reject_wrong_file(std::filesystem::path const& path, int newest)
{
    struct stat about{};
    if (::lstat(path.c_str(), &about) != 0) throw cannot_open(start_errc::io, path, base::system_message());
    if (!S_ISREG(about.st_mode) && !S_ISLNK(about.st_mode)) throw cannot_open(start_errc::io, path, "it is not a file");
    reject_unsafe(path, about);
    // Root could write all the same, but the mode says not to.
    if ((about.st_mode & 0222) == 0) throw cannot_open(start_errc::io, path, "it is read-only");
    reject_wrong_companions(path);
    if (about.st_size == 0) return;

    auto const bytes = database{path, database::access::read_only}.first_bytes();
    if (!std::ranges::equal(magic, std::span{bytes}.first<magic.size()>())) {
        throw cannot_open(start_errc::bad_data, path, "it is not an SQLite database");
    }
    if (is_cut_off(path, bytes, about.st_size)) throw cannot_open(start_errc::bad_data, path, "its end is missing");
    auto const application = big_endian(bytes, application_id_at);
    if (application == 0) return;  // unmarked or empty: reject_wrong_content() reads the tables
    if (application != our_application_id) throw cannot_open(start_errc::bad_data, path, "another program's database");
    if (auto const version = big_endian(bytes, user_version_at); version > newest) {
        throw cannot_open(start_errc::bad_data, path,
                          "its version is " + std::to_string(version) + ", and this program knows " +
                              std::to_string(newest) + ": use a newer program");
    }
}

start_error explain(std::filesystem::path const& path, error const& problem)
{
    return cannot_open(problem.is_bad_data() ? start_errc::bad_data : start_errc::io, path, problem.what());
}

start_error cannot_open(start_errc code, std::filesystem::path const& path, std::string reason)
{
    std::ranges::replace(reason, '\n', ' ');  // SQLite's report of damage has several lines
    return start_error{code, "cannot open " + path.string() + ": " + reason};
}

}  // namespace porter::detail::store::sqlite
