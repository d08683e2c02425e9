#pragma once

#include <sys/stat.h>

#include <asio/io_context.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "porter/result.hpp"
#include "porter/start_error.hpp"
#include "porter/testing/recording_log.hpp"
#include "store/sqlite/backend.hpp"
#include "store/support/add_account.hpp"
#include "store/support/samples.hpp"
#include "store/support/shell.hpp"
#include "support/catch.hpp"
#include "support/run.hpp"
#include "support/temporary_folder.hpp"

namespace porter::testing {

/// A folder for a database, and a store while it is open.
class database_fixture {
public:
    database_fixture()
    {
        ::umask(S_IWGRP | S_IWOTH);  // files of the tests must not be writable by other users
        options.path = folder.path() / "porter.db";
    }

    detail::store::ports open()
    {
        store_ = detail::store::sqlite::open(options, log);
        return store_->ports();
    }
    void close() { store_.reset(); }
    detail::store::ports ports() { return store_->ports(); }

    /// The error of opening the store; none: it opens.
    std::optional<start_error> open_error()
    {
        try {
            open();
            close();
            return std::nullopt;
        } catch (start_error const& refused) {
            return refused;
        }
    }

    std::optional<start_error> check()
    {
        try {
            detail::store::sqlite::check(options, {});
            return std::nullopt;
        } catch (start_error const& refused) {
            return refused;
        }
    }

    template <typename T>
    T run(task<T> operation)
    {
        return testing::run(io, std::move(operation));
    }

    /// Adds an account as porterctl does.
    detail::store::account add(detail::store::account const& fresh)
    {
        auto added = add_account(options.path, fresh);
        REQUIRE(added);
        return *added;
    }

    /// Adds an account and a session as porterd does, by a write of the open store.
    detail::store::result<detail::store::opened_session> register_account(std::string name, int number)
    {
        return run(ports().sessions.open_first(account_of(std::move(name)), session_of({}, number)));
    }

    shell administrator() const { return shell{options.path}; }

    temporary_folder folder;
    detail::store::sqlite::options options;
    recording_log log;
    asio::io_context io;  // outlives the store

private:
    std::unique_ptr<detail::store::sqlite::backend> store_;
};

/// Only for files that no connection of this process has open: closing them would drop its locks.
inline std::string content_of(std::filesystem::path const& path)
{
    std::ifstream file{path, std::ios::binary};
    return {std::istreambuf_iterator<char>{file}, {}};
}

inline void write_file(std::filesystem::path const& path, std::string const& content)
{
    std::ofstream{path, std::ios::binary} << content;
}

inline std::filesystem::perms mode_of(std::filesystem::path const& path)
{
    return std::filesystem::status(path).permissions();
}

}  // namespace porter::testing
