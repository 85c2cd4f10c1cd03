// The phone's own lock (fingerprint, face, screen lock) through WebAuthn, always with user
// verification: to make a credential, to sign an approval, and offline before a passcode.
import { Problem } from "./api.js";
import { b64url, fromB64url } from "./bytes.js";
import { _ } from "./words.js";

const VERIFIED = 0x04; // the flag "user verified" of authenticator data (WebAuthn section 6.1)
const FLAGS_AT = 32;

/** Whether this phone can ask for a fingerprint, a face or the screen lock. */
export async function isThere() {
  try {
    return await PublicKeyCredential.isUserVerifyingPlatformAuthenticatorAvailable();
  } catch {
    return false; // a browser without WebAuthn
  }
}

/** Make a credential from the verifier's options; gives a RegistrationResponseJSON. */
export async function create(options) {
  const named = (each) => ({ ...each, id: fromB64url(each.id) });
  const made = await asked(() =>
    navigator.credentials.create({
      publicKey: {
        ...options,
        challenge: fromB64url(options.challenge),
        user: named(options.user),
        excludeCredentials: (options.excludeCredentials ?? []).map(named),
      },
    }),
  );
  return told(made, {
    attestationObject: b64url(made.response.attestationObject),
    transports: made.response.getTransports?.() ?? ["internal"],
  });
}

/** Sign a challenge (bytes) with a key's credential; gives an AuthenticationResponseJSON. */
export async function sign(key, challenge) {
  const got = await asked(() =>
    navigator.credentials.get({
      publicKey: {
        challenge,
        rpId: location.hostname,
        userVerification: "required",
        allowCredentials: [
          { type: "public-key", id: fromB64url(key.credentialId), transports: ["internal"] },
        ],
      },
    }),
  );
  const flags = new Uint8Array(got.response.authenticatorData)[FLAGS_AT];
  if (!(flags & VERIFIED)) throw new Problem(_("The phone did not check that it is you."));
  const { authenticatorData, signature, userHandle } = got.response;
  return told(got, {
    authenticatorData: b64url(authenticatorData),
    signature: b64url(signature),
    userHandle: userHandle ? b64url(userHandle) : null,
  });
}

/** Ask the phone's user, without any network. */
export const confirm = (key) => sign(key, crypto.getRandomValues(new Uint8Array(32)));

function told(credential, more) {
  return {
    id: credential.id,
    rawId: b64url(credential.rawId),
    type: credential.type,
    authenticatorAttachment: credential.authenticatorAttachment ?? null,
    clientExtensionResults: credential.getClientExtensionResults(),
    response: { clientDataJSON: b64url(credential.response.clientDataJSON), ...more },
  };
}

async function asked(ask) {
  try {
    return await ask();
  } catch {
    throw new Problem(
      _("The phone did not confirm that it is you. Try again, and follow what it asks."),
      { name: "not-confirmed" },
    );
  }
}
