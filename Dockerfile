# The portal as an image: one static binary and nothing else, so that building needs no
# registry. First the binary, then the image; `task image` does both:
#
#   CGO_ENABLED=0 GOOS=linux go build -trimpath -ldflags='-s -w' -o portal . && docker build -t contractor-portal .
#
# Without Go at hand, a container makes the binary (that one does need a registry):
#
#   docker run --rm -v "$PWD":/src -w /src -e CGO_ENABLED=0 golang:1.26 \
#     go build -trimpath -buildvcs=false -ldflags='-s -w' -o portal .
#
# Time zones and root certificates are in the binary.
FROM scratch
LABEL org.opencontainers.image.title="contractor-portal"
COPY portal /portal
USER 65532:65532
ENV PORTAL_LISTEN=0.0.0.0:8080
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s --retries=3 CMD ["/portal", "health"]
ENTRYPOINT ["/portal"]
CMD ["serve"]
