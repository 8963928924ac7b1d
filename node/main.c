/* The program: starts the libraries and hands over to the command named first. */
#include <curl/curl.h>
#include <malloc.h>
#include <sodium.h>

#include "node/cmd/cmd.h"
#include "sync/volume.h"

int main(int argc, char **argv)
{
    struct ln_err err = { 0 };

    /* Threads that wait for each other's arena cost a list of 20 a quarter of its time; an arena
     * for each of a hundred would keep what all of them ever used. */
    (void)mallopt(M_ARENA_MAX, 8);
    if (sodium_init() < 0 || curl_global_init(CURL_GLOBAL_DEFAULT) != 0 || !ln_volume_start(&err))
        return 1;
    int rc = ln_cmd_main(argc, argv);
    ln_volume_stop();
    curl_global_cleanup();
    return rc;
}
