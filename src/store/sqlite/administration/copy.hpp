#pragma once

#include <filesystem>

#include "store/sqlite/administration/backup.hpp"
#include "store/sqlite/database.hpp"

namespace porter::detail::store::sqlite::administration {

/// A private file that goes when this does, unless it was renamed. It stands beside `wanted`: a rename does not leave
/// the file system.
class temporary_file {
public:
    /// Throws start_error(cannot_create).
    explicit temporary_file(std::filesystem::path const& wanted);
    ~temporary_file();
    temporary_file(temporary_file const&) = delete;
    temporary_file& operator=(temporary_file const&) = delete;

    std::filesystem::path const& path() const noexcept { return path_; }

private:
    std::filesystem::path path_;
};

/// Makes an empty file a copy of the database that `from` has open, which can be read without another file beside it.
/// False: `tell` stopped it. Throws start_error(bad_data) when what was read is damaged; failure.
bool copy_whole(database& from, std::filesystem::path const& to, progress const& report);

}  // namespace porter::detail::store::sqlite::administration
