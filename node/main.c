/* The program: starts the libraries and hands over to the command named first. */
#include <sodium.h>
#include <stdio.h>

int main(int argc, char **argv)
{
    (void)argv;
    if (sodium_init() < 0)
        return 1;
    (void)fprintf(stderr, "linli: no command (%d)\n", argc);
    return 2;
}
