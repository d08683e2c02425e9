#include "tls/bio.hpp"

#include <openssl/bio.h>

#include <new>

namespace porter::detail::tls {
namespace {

ciphertext& bytes_of(BIO* bio)
{
    return *static_cast<ciphertext*>(BIO_get_data(bio));
}

int read(BIO* bio, char* out, std::size_t capacity, std::size_t* size)
{
    BIO_clear_retry_flags(bio);
    *size = bytes_of(bio).take({reinterpret_cast<std::byte*>(out), capacity});
    if (*size != 0) return 1;
    if (!bytes_of(bio).is_exhausted()) BIO_set_retry_read(bio);
    return 0;
}

int write(BIO* bio, char const* data, std::size_t size, std::size_t* written)
{
    BIO_clear_retry_flags(bio);
    *written = bytes_of(bio).put({reinterpret_cast<std::byte const*>(data), size}) ? size : 0;
    return *written == size ? 1 : 0;
}

long control(BIO* bio, int command, long, void*)
{
    if (command == BIO_CTRL_EOF) return bytes_of(bio).is_exhausted() ? 1 : 0;
    return command == BIO_CTRL_FLUSH ? 1 : 0;
}

int create(BIO* bio)
{
    BIO_set_init(bio, 1);
    return 1;
}

BIO_METHOD* make_method()
{
    auto* const method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "porter ciphertext");
    if (method == nullptr) throw std::bad_alloc{};
    BIO_meth_set_read_ex(method, read);
    BIO_meth_set_write_ex(method, write);
    BIO_meth_set_ctrl(method, control);
    BIO_meth_set_create(method, create);
    return method;
}

}  // namespace

bio_st* make_bio(ciphertext& bytes)
{
    static BIO_METHOD const* const method = make_method();  // never freed
    auto* const bio = BIO_new(method);
    if (bio == nullptr) throw std::bad_alloc{};
    BIO_set_data(bio, &bytes);
    return bio;
}

}  // namespace porter::detail::tls
