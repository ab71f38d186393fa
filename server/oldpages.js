// The portal's part of the old pages: it is the first script of each of them, and comes before what their own config.js
// says. They call an address that is built in, and forget their token here and there: calls of the portal's operations go
// to the server that the page came from, with the token that the page keeps. No other server is sent it.
(function () {
  'use strict';
  if (window.portalConfig) return;
  var origin = window.location.origin;
  window.portalConfig = { origin: origin };
  ['API_BASE_URL', 'API_BASE', 'API_URL', 'BASE_URL'].forEach(function (name) { window[name] = origin; });

  // The paths of the operations.
  var operations = new RegExp("{{PATHS}}");

  // Where a call goes: what looks like an operation of the portal, whatever server it names, goes to this one.
  function target(address) {
    var url;
    try { url = new URL(address, document.baseURI); } catch (e) { return null; }
    if (url.origin !== origin && /^https?:$/.test(url.protocol) && operations.test(url.pathname)) {
      url = new URL(url.pathname + url.search, origin);
    }
    return url;
  }

  // A token as the portal makes it. The pages keep one under a name of theirs, which is looked for first.
  function token() {
    var found = null;
    [window.localStorage, window.sessionStorage].forEach(function (kept) {
      var names = ['access_token', 'token'].concat(Object.keys(kept));
      names.forEach(function (name) {
        var value = kept.getItem(name);
        if (!found && /^eyJ[\w-]+\.eyJ[\w-]+\.[\w-]+$/.test(value || '')) found = value;
      });
    });
    return found;
  }

  // Whether a page set no token, or what it took for one: "Bearer null".
  function forgotten(value) { return !value || /^bearer\s*(null|undefined)?$/i.test(value.trim()); }

  function authorize(url, headers) {
    if (!url || url.origin !== origin || !/^https?:$/.test(url.protocol) || url.pathname.indexOf('/static/') === 0 || !forgotten(headers.get('Authorization'))) return;
    var own = token();
    if (own) headers.set('Authorization', 'Bearer ' + own); else headers.delete('Authorization');
  }

  var fetch = window.fetch;
  window.fetch = function (input, init) {
    if (!(input instanceof Request)) {
      var url = target(String(input));
      var options = Object.assign({}, init);
      options.headers = new Headers(options.headers || undefined);
      authorize(url, options.headers);
      return fetch.call(window, url ? url.href : input, options);
    }
    var request = new Request(input, init);
    var goal = target(request.url);
    if (goal.href === request.url.split('#')[0] || goal.href === request.url) {
      authorize(goal, request.headers);
      return fetch.call(window, request);
    }
    var bare = request.method === 'GET' || request.method === 'HEAD';
    return (bare ? Promise.resolve(undefined) : request.blob()).then(function (body) {
      var headers = new Headers(request.headers);
      authorize(goal, headers);
      return fetch.call(window, goal.href, { method: request.method, headers: headers, body: body, cache: request.cache, signal: request.signal });
    });
  };

  var XHR = window.XMLHttpRequest.prototype;
  var open = XHR.open, set = XHR.setRequestHeader, send = XHR.send;
  XHR.open = function (method, address) {
    var args = Array.prototype.slice.call(arguments);
    this.portalTarget = target(String(address));
    this.portalHeaders = new Headers();
    if (this.portalTarget) args[1] = this.portalTarget.href;
    return open.apply(this, args);
  };
  XHR.setRequestHeader = function (name, value) {
    if (this.portalHeaders && String(name).toLowerCase() === 'authorization') {
      if (forgotten(String(value))) return undefined;
      this.portalHeaders.set(name, value);
    }
    return set.call(this, name, value);
  };
  XHR.send = function (body) {
    if (this.portalHeaders && !this.portalHeaders.has('Authorization')) {
      authorize(this.portalTarget, this.portalHeaders);
      if (this.portalHeaders.has('Authorization')) set.call(this, 'Authorization', this.portalHeaders.get('Authorization'));
    }
    return send.call(this, body);
  };
})();
