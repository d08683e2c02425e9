#pragma once

#include <sqlite3.h>

#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>

namespace porter::testing {

/// The sqlite3 shell: a connection with SQLite's defaults, so foreign keys are off.
class shell {
public:
    explicit shell(std::filesystem::path const& file)
    {
        sqlite3* opened = nullptr;
        sqlite3_open(file.c_str(), &opened);
        handle_.reset(opened);
    }

    /// The rows' values, "|" after each column but the last, a line feed between rows. Throws std::runtime_error with
    /// SQLite's message.
    std::string run(std::string const& sql)
    {
        std::string rows;
        char* message = nullptr;
        int const result = sqlite3_exec(handle_.get(), sql.c_str(), add_row, &rows, &message);
        std::unique_ptr<char, decltype(&sqlite3_free)> const owned{message, sqlite3_free};
        if (result != SQLITE_OK) throw std::runtime_error(message ? message : sqlite3_errstr(result));
        return rows;
    }

    /// What the shell's .restore does.
    void restore(std::filesystem::path const& file)
    {
        shell from{file};
        auto* const copy = sqlite3_backup_init(handle_.get(), "main", from.handle_.get(), "main");
        sqlite3_backup_step(copy, -1);
        if (sqlite3_backup_finish(copy) != SQLITE_OK) throw std::runtime_error(sqlite3_errmsg(handle_.get()));
    }

    /// SQLite's message when a statement fails; empty: it succeeds.
    std::string error_of(std::string const& sql)
    {
        try {
            run(sql);
            return {};
        } catch (std::runtime_error const& refused) {
            return refused.what();
        }
    }

private:
    static int add_row(void* rows, int columns, char** values, char**)
    {
        auto& text = *static_cast<std::string*>(rows);
        if (!text.empty()) text += '\n';
        for (int column = 0; column < columns; ++column) {
            if (column > 0) text += '|';
            if (values[column]) text += values[column];
        }
        return 0;
    }

    struct closing {
        void operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }
    };
    std::unique_ptr<sqlite3, closing> handle_;
};

}  // namespace porter::testing
