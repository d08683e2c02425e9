#include "auth/password_list.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/evp.h>
#include <sodium/utils.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "auth/sorted_sums.hpp"
#include "base/file.hpp"
#include "base/text.hpp"
#include "porter/start_error.hpp"

namespace porter::detail::auth {
namespace {

/// A file open for reading, with its size at that time.
class open_file final : public text_source {
public:
    explicit open_file(std::filesystem::path const& path)
        : descriptor_{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)}
    {
        struct stat about{};
        if (!descriptor_ || ::fstat(descriptor_.get(), &about) != 0) {
            error_ = "it cannot be read: " + base::system_message();
        } else if (!S_ISREG(about.st_mode)) {
            error_ = "it is no file";
        } else {
            size_ = static_cast<std::uint64_t>(about.st_size);
        }
    }

    /// Why the file cannot be read; empty: it can.
    std::string const& error() const noexcept { return error_; }
    std::uint64_t size() const noexcept override { return size_; }

    result<std::size_t, std::string> read(std::uint64_t at, std::span<char> into) const override
    {
        std::size_t filled = 0;
        while (filled < into.size()) {
            auto const left = into.subspan(filled);
            auto const got = ::pread(descriptor_.get(), left.data(), left.size(), static_cast<off_t>(at + filled));
            if (got < 0 && errno == EINTR) continue;
            if (got < 0) return unexpected("it cannot be read: " + base::system_message());
            if (got == 0) break;
            filled += static_cast<std::size_t>(got);
        }
        return filled;
    }

private:
    base::unique_fd descriptor_;
    std::uint64_t size_ = 0;
    std::string error_;
};

std::optional<sha1_sum> sha1_of(std::string_view text)
{
    sha1_sum sum{};
    // An empty text may have a null pointer, which OpenSSL does not read.
    if (EVP_Digest(text.data(), text.size(), sum.data(), nullptr, EVP_sha1(), nullptr) != 1) return std::nullopt;
    return sum;
}

result<void, std::string> check_file(std::filesystem::path const& path)
{
    if (!sha1_of("")) return unexpected(std::string{"OpenSSL computes no SHA-1 here"});
    open_file const file{path};
    if (!file.error().empty()) return unexpected(file.error());
    return check_sums(file);
}

}  // namespace

password_list::password_list(std::filesystem::path file) : file_(std::move(file))
{
    auto const checked = check_file(file_);
    if (checked) return;
    throw start_error{start_errc::configuration,
                      fmt::format("the password list {}: {} (wanted: sorted SHA-1 sums in hexadecimal, one a line)",
                                  base::escape(file_.string()), checked.error())};
}

result<bool, std::string> password_list::contains(base::secret const& password) const
{
    open_file const file{file_};
    if (!file.error().empty()) return unexpected(file.error());
    auto sum = sha1_of(password.view());
    if (!sum) return unexpected(std::string{"OpenSSL computes no SHA-1 here"});
    auto found = has_sum(file, *sum);
    sodium_memzero(sum->data(), sum->size());
    return found;
}

}  // namespace porter::detail::auth
