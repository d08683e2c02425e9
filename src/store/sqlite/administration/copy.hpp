#pragma once

#include <filesystem>

#include "store/sqlite/administration/backup.hpp"
#include "store/sqlite/database.hpp"

namespace porter::detail::store::sqlite::administration {

/// A private file that is removed with this object, unless it was renamed. In the folder of `wanted`, so that a rename
/// stays within the file system.
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

/// Copies the database of `from` into an empty file, which needs no log beside it. False: `report` stopped the copy.
/// Throws start_error(bad_data) when the database is damaged; error.
bool copy_whole(database& from, std::filesystem::path const& to, progress const& report);

}  // namespace porter::detail::store::sqlite::administration
