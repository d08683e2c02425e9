// Promise S13 of SECURITY.md: the order in which a restore writes to the disk.
#include "store/sqlite/administration/restore.hpp"

#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <filesystem>
#include <functional>
#include <string>

#include "store/administration/admin_fixture.hpp"

using namespace porter::testing;

namespace {

/// Called when a folder is synced.
std::function<void(std::filesystem::path const&)> on_folder_sync;

bool go_on(std::uint64_t, std::uint64_t)
{
    return true;
}

}  // namespace

/// Replaces the C library's function: does the same, and reports folders.
extern "C" int fsync(int file)
{
    struct stat about{};
    if (on_folder_sync && ::fstat(file, &about) == 0 && S_ISDIR(about.st_mode)) {
        on_folder_sync(std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(file)));
    }
    return static_cast<int>(::syscall(SYS_fsync, file));
}

TEST_CASE("a restore syncs the second name of the old database before it removes the first")
{
    admin_fixture admin{admin_fixture::porterd::open};
    auto const backup = admin.database.folder.path() / "backup.db";
    REQUIRE(admin.db().back_up(backup, go_on));
    admin.disconnect();
    admin.database.close();
    int with_both_names = 0;
    on_folder_sync = [&](std::filesystem::path const& folder) {
        for (auto const& each : std::filesystem::directory_iterator{folder}) {
            bool const is_kept = each.path().filename().string().find(".before-restore-") != std::string::npos;
            if (is_kept && std::filesystem::equivalent(each.path(), admin.database.options.path)) ++with_both_names;
        }
    };
    auto const done = administration::restore(admin.database.options, backup, go_on);
    on_folder_sync = nullptr;
    CHECK(done);
    CHECK(with_both_names == 1);
}
